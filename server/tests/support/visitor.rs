//! A person at the pages of a served site, who sends forms as a browser without any script does.

use packtwin_core::ids::TenantId;
use packtwin_core::role::Role;

use super::{Reply, Running};

/// A person who is signed in.
pub struct Visitor {
    pub server: Running,
    pub cookie: String,
}

impl Visitor {
    /// A person of this tenant with these roles.
    pub fn signed_in(server: Running, tenant: TenantId, login: &str, roles: &[Role]) -> Self {
        server.person(tenant, login, roles);
        let cookie = server.sign_in(login);
        Visitor { server, cookie }
    }

    /// Asks for an address as a browser does.
    pub fn get(&self, path: &str) -> Reply {
        self.server
            .call("GET", path)
            .cookie(&self.cookie)
            .header("Accept", "text/html")
            .send()
    }

    /// A page that is there.
    pub fn page(&self, path: &str) -> String {
        let reply = self.get(path);
        assert_eq!(reply.status, 200, "{path}: {}", reply.body);
        reply.body
    }

    /// Sends a form with the token of the home page. Answers the reply.
    pub fn form(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let csrf = self.get("/").csrf();
        let mut all = vec![("csrf", csrf.as_str())];
        all.extend_from_slice(fields);
        self.server
            .call("POST", path)
            .cookie(&self.cookie)
            .origin(&self.server.url)
            .header("Accept", "text/html")
            .form(&all)
    }

    /// Sends a form that is taken. Answers where it leads.
    pub fn done(&self, path: &str, fields: &[(&str, &str)]) -> String {
        let reply = self.form(path, fields);
        assert_eq!(reply.status, 303, "{path}: {}", reply.body);
        reply.header("location").unwrap().to_owned()
    }
}
