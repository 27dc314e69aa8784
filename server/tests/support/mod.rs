//! A real server on loopback, around a fresh site, with a clock that tests own.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(
    clippy::unwrap_used,
    reason = "this is test code; the lint knows only functions marked as tests"
)]

pub mod road;
pub mod visitor;

use std::net::TcpListener;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use actix_web::dev::ServerHandle;
use actix_web::{rt, web};
use serde_json::Value;

use packtwin_app::house::House;
use packtwin_app::verification::Verifying;
use packtwin_core::ids::{TenantId, UserId};
use packtwin_core::role::{Permission, Role};
use packtwin_core::time::{Clock, Timestamp};
use packtwin_server::configuration::Configuration;
use packtwin_server::http::Shared;
use packtwin_server::listener;
use packtwin_tenants::password::{NewPassword, PasswordOwner};
use packtwin_tenants::store::api_key::NewApiKey;
use packtwin_tenants::store::user::NewUser;
use packtwin_tenants::testing::{TestSite, TestVerifiers, now};

/// A password that passes every check.
pub const PASSWORD: &str = "quiet otters fold maps 71";

/// A product code of ours.
pub const CODE: &str = "04123456000175";
/// A product code that nobody has.
pub const OTHER_CODE: &str = "04123456000991";
/// A complete column mapping.
pub const MAPPING: &str = "column.product_code=heading:GTIN\ncolumn.serial=heading:SN\ncolumn.batch=heading:LOT\ncolumn.expiry=heading:EXP\n";

/// Master data that the EU hub takes.
pub fn master_data() -> Value {
    let company = |name: &str| {
        serde_json::json!({
            "id": "LOC-1", "name": name,
            "address": { "street": "Teststrasse 1", "postal_code": "10115", "city": "Berlin", "country": "DE" },
        })
    };
    serde_json::json!({
        "name": "Testazol 20 mg tablets", "common_name": "testazole", "form": "TAB", "strength": "20 mg",
        "pack_type": "BOX", "pack_size": 28, "atc_codes": ["A02BC01"], "manufacturer": company("Test Works"),
        "markets": [{ "market": "DE", "national_code": null, "holder": company("Test Holder"), "wholesalers": [] }],
    })
}

/// A document of the SOAP dialect, interface 5, about one pack of batch B1.
pub fn envelope(process: &str, transaction: &str, code: &str, serial: &str) -> String {
    format!(
        "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" xmlns:t=\"urn:types.nmvs.eu:v5.0\" \
         xmlns:w=\"urn:wsdltypes.nmvs.eu:v5.0\"><s:Body><w:{process}Request><t:Header><t:Auth>\
         <t:ClientLoginId>c</t:ClientLoginId><t:UserId>u</t:UserId><t:Password>p</t:Password></t:Auth>\
         <t:UserSoftware t:name=\"n\" t:supplier=\"s\" t:version=\"1\"/><t:Transaction><t:ClientTrxId>{transaction}</t:ClientTrxId>\
         <t:Language>eng</t:Language></t:Transaction></t:Header><t:Body><t:Product><t:ProductCode t:scheme=\"GTIN\">{code}\
         </t:ProductCode><t:Batch><t:Id>B1</t:Id><t:ExpDate>281231</t:ExpDate></t:Batch></t:Product><t:Pack t:sn=\"{serial}\"/>\
         </t:Body></w:{process}Request></s:Body></s:Envelope>"
    )
}

/// A clock that stands still until a test moves it.
pub struct TestClock(AtomicI64);

impl TestClock {
    pub fn forward(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

/// A served site. Stops when dropped.
pub struct Running {
    pub site: TestSite,
    pub verifiers: TestVerifiers,
    pub clock: Arc<TestClock>,
    pub house: Arc<House>,
    pub url: String,
    agent: ureq::Agent,
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

/// What a server answered.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: ureq::http::HeaderMap,
    pub body: String,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.body))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The stable code of a refusal.
    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    /// The value of a cookie that the answer sets.
    pub fn cookie(&self, name: &str) -> Option<String> {
        let begin = format!("{name}=");
        self.headers.get_all("set-cookie").iter().find_map(|value| {
            let text = value.to_str().ok()?.strip_prefix(&begin)?;
            Some(text.split(';').next().unwrap_or_default().to_owned())
        })
    }

    /// The form token of a page.
    pub fn csrf(&self) -> String {
        let (_, rest) = self
            .body
            .split_once("name=\"csrf\" value=\"")
            .expect("a page with a form");
        rest.split('"').next().unwrap_or_default().to_owned()
    }
}

impl Running {
    /// A site on SQLite with usual settings.
    pub fn start() -> Self {
        Running::start_with(&[])
    }

    /// A site on SQLite with some settings of its own, as variables.
    pub fn start_with(settings: &[(&str, &str)]) -> Self {
        Running::start_on(TestSite::sqlite(), settings)
    }

    /// A site that is there, with some settings of its own.
    pub fn start_on(site: TestSite, settings: &[(&str, &str)]) -> Self {
        let clock = Arc::new(TestClock(AtomicI64::new(now().micros())));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let file = format!(
            "environment = \"test\"\npublic_url = \"{url}\"\ndatabase = \"unused\"\nfolder = {:?}\nworkers = 2",
            site.folder()
        );
        let variables = settings
            .iter()
            .map(|&(name, value)| (name.to_owned(), value.to_owned()));
        let configuration = Configuration::read(&file, variables).unwrap();
        let verifiers = site.verifiers();
        let mut shared = Shared::new(
            (*site).clone(),
            configuration,
            Arc::clone(&clock) as Arc<dyn Clock>,
        );
        let verifying = Verifying::start(
            verifiers.store.clone(),
            verifiers.scope.clone(),
            Arc::clone(&clock) as Arc<dyn Clock>,
        );
        shared.verifying = Some(verifying.unwrap());
        let house = Arc::clone(&shared.house);
        let (send, receive) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            rt::System::new().block_on(async move {
                let server = listener::serve(web::Data::new(shared), listener).unwrap();
                send.send(server.handle()).unwrap();
                server.await.unwrap();
            });
        });
        let handle = receive.recv().unwrap();
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .build()
            .into();
        Running {
            site,
            verifiers,
            clock,
            house,
            url,
            agent,
            handle,
            thread: Some(thread),
        }
    }

    /// Does all work that waits: jobs and messages, until there is none.
    pub fn work(&self) {
        loop {
            let jobs = packtwin_app::job::run_jobs(&self.house).unwrap();
            let messages = packtwin_app::message::dispatch(&self.house).unwrap();
            assert_eq!((jobs.broken, messages.broken), (0, 0));
            if jobs.worked + messages.worked == 0 {
                return;
            }
        }
    }

    /// Makes a key of a tenant.
    pub fn key(&self, tenant: TenantId, scopes: &[Permission]) -> String {
        let new = NewApiKey {
            name: "a machine",
            scopes,
            expires_at: None,
        };
        let scope = self.site.scope_of(tenant);
        let (_, secret) = scope
            .change(self.clock.now(), |writer| writer.api_key_create(new))
            .unwrap();
        secret.expose_text().unwrap().to_owned()
    }

    /// Makes a person with [`PASSWORD`].
    pub fn person(&self, tenant: TenantId, login: &str, roles: &[Role]) -> UserId {
        let owner = PasswordOwner {
            login,
            name: "A person",
            tenant: "a tenant",
        };
        let password = NewPassword::check(PASSWORD, owner, None)
            .unwrap()
            .unwrap()
            .hash()
            .unwrap();
        let new = NewUser {
            login,
            name: "A person",
            language: "en",
            roles,
            password,
        };
        let scope = self.site.scope_of(tenant);
        scope
            .change(self.clock.now(), |writer| writer.user_create(new))
            .unwrap()
    }

    /// Signs a person in as a browser does. Answers the session's cookie, as it is sent back.
    pub fn sign_in(&self, login: &str) -> String {
        let reply = self.try_sign_in(login, PASSWORD);
        assert_eq!(reply.status, 303, "{}", reply.body);
        format!("pt_session={}", reply.cookie("pt_session").unwrap())
    }

    /// Fills in the sign-in form.
    pub fn try_sign_in(&self, login: &str, password: &str) -> Reply {
        let page = self.call("GET", "/sign-in").send();
        let visit = format!("pt_visit={}", page.cookie("pt_visit").unwrap());
        let csrf = page.csrf();
        self.call("POST", "/sign-in")
            .cookie(&visit)
            .origin(&self.url)
            .form(&[("user", login), ("password", password), ("csrf", &csrf)])
    }

    /// Begins a call.
    pub fn call<'a>(&'a self, method: &'a str, path: &'a str) -> Call<'a> {
        Call {
            server: self,
            method,
            path,
            headers: Vec::new(),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let stopped = self.handle.stop(false);
        rt::System::new().block_on(stopped);
        if let Some(thread) = self.thread.take() {
            let _ended = thread.join();
        }
    }
}

/// A call being put together.
pub struct Call<'a> {
    server: &'a Running,
    method: &'a str,
    path: &'a str,
    headers: Vec<(String, String)>,
}

impl Call<'_> {
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn bearer(self, key: &str) -> Self {
        let value = format!("Bearer {key}");
        self.header("Authorization", &value)
    }

    pub fn cookie(self, cookie: &str) -> Self {
        self.header("Cookie", cookie)
    }

    pub fn origin(self, origin: &str) -> Self {
        self.header("Origin", origin)
    }

    pub fn json(self, body: &Value) -> Reply {
        let text = body.to_string();
        self.header("Content-Type", "application/json")
            .body(text.as_bytes())
    }

    pub fn form(self, fields: &[(&str, &str)]) -> Reply {
        let encode = |text: &str| -> String {
            text.bytes()
                .map(|byte| match byte {
                    b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
                    other => format!("%{other:02X}"),
                })
                .collect()
        };
        let pairs: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
            .collect();
        self.header("Content-Type", "application/x-www-form-urlencoded")
            .body(pairs.join("&").as_bytes())
    }

    pub fn send(self) -> Reply {
        self.body(&[])
    }

    pub fn body(self, body: &[u8]) -> Reply {
        let mut request = ureq::http::Request::builder()
            .method(self.method)
            .uri(format!("{}{}", self.server.url, self.path));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let has_body = !body.is_empty() || !matches!(self.method, "GET" | "HEAD" | "DELETE");
        let response = if has_body {
            self.server.agent.run(request.body(body).unwrap())
        } else {
            self.server.agent.run(request.body(()).unwrap())
        };
        let (head, mut body) = response.unwrap().into_parts();
        Reply {
            status: head.status.as_u16(),
            headers: head.headers,
            body: body.read_to_string().unwrap(),
        }
    }
}
