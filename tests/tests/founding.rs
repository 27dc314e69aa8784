//! A real site from nothing, by commands alone: migrate, the first company, its first administrator, who signs in
//! (URS-UR-002).

#![allow(clippy::unwrap_used, reason = "a story that cannot go on ends")]

use std::path::{Path, PathBuf};
use std::process::Output;

use packtwin_tests::server_process::{ServerProcess, free_port, program};

const PASSWORD: &str = "quiet otters fold maps 71";

fn write_configuration(folder: &Path) -> (PathBuf, String) {
    let url = format!("http://127.0.0.1:{}", free_port());
    let text = format!(
        "environment = 'production'\nlisten = '{}'\npublic_url = '{url}'\ndatabase = '{}'\nfolder = '{}'\n",
        url.trim_start_matches("http://"),
        folder.join("site.db").display(),
        folder.display()
    );
    let path = folder.join("packtwin.toml");
    std::fs::write(&path, text).unwrap();
    (path, url)
}

fn run(configuration: &Path, words: &[&str], options: &[&str]) -> (i32, String, String) {
    let output: Output = program()
        .args(words)
        .arg("--config")
        .arg(configuration)
        .args(options)
        .output()
        .unwrap();
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

fn browser() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .build()
        .into()
}

/// Opens a page with a form and sends it back filled in. Answers the status.
fn fill_in(url: &str, page: &str, action: &str, fields: &[(&str, &str)]) -> u16 {
    let agent = browser();
    let mut shown = agent.get(format!("{url}{page}")).call().unwrap();
    if shown.status() != 200 {
        return shown.status().as_u16();
    }
    let cookies = shown.headers().get_all("set-cookie").iter();
    let visit = cookies
        .filter_map(|value| value.to_str().ok()?.split(';').next())
        .find(|cookie| cookie.contains("pt_visit"))
        .unwrap()
        .to_owned();
    let text = shown.body_mut().read_to_string().unwrap();
    let (_, rest) = text.split_once("name=\"csrf\" value=\"").unwrap();
    let csrf = rest.split('"').next().unwrap();
    let form = fields.iter().copied().chain([("csrf", csrf)]);
    let answer = agent
        .post(format!("{url}{action}"))
        .header("cookie", visit)
        .header("origin", url)
        .send_form(form)
        .unwrap();
    answer.status().as_u16()
}

#[test]
fn commands_alone_lead_to_a_first_sign_in() {
    let folder = tempfile::tempdir().unwrap();
    let (configuration, url) = write_configuration(folder.path());
    assert_eq!(run(&configuration, &["migrate"], &[]).0, 0);
    let company = |name: &str, short: &str, login: &str| {
        let options = [
            "--name",
            name,
            "--short-name",
            short,
            "--time-zone",
            "Europe/Berlin",
            "--admin",
            login,
            "--admin-name",
            "Alder Manager",
        ];
        run(&configuration, &["tenant", "create"], &options)
    };
    let (status, out, said) = company("A\u{7}", "Alder!", "a b");
    assert_eq!((status, out.as_str()), (3, ""), "{said}");
    for option in ["name:", "short-name:", "admin:"] {
        assert!(said.contains(option), "{said} lacks {option}");
    }
    let (status, link, said) = company("Alder Pharma", "alder", "manager@alder.example");
    assert_eq!(status, 0, "{said}");
    assert_eq!(
        link.lines().count(),
        1,
        "standard output holds the link alone"
    );
    assert!(!said.contains("token="), "the link is nowhere else");
    // Refused by name, whichever of the two is taken.
    for (name, short) in [("Other", "alder"), ("alder pharma", "other")] {
        let (status, out, said) = company(name, short, "b@alder.example");
        assert_eq!((status, out.as_str()), (3, ""), "{said}");
        assert!(said.contains(&format!(
            "there is a tenant {}",
            if short == "alder" { short } else { name }
        )));
    }
    let listed = run(&configuration, &["tenant", "list"], &[]).1;
    assert_eq!(listed.lines().count(), 1, "{listed}");

    let invite = |options: &[&str]| {
        run(
            &configuration,
            &["user", "invite"],
            &[&["--tenant", "alder"], options].concat(),
        )
    };
    let (status, _, said) = invite(&["--login", "Manager@alder.example", "--name", "Another"]);
    assert_eq!(status, 3, "a name is never given twice: {said}");
    let (status, _, said) = invite(&["--login", "nobody@alder.example", "--again"]);
    assert_eq!(status, 3, "{said}");
    let (status, again, said) = invite(&["--login", "manager@alder.example", "--again"]);
    assert_eq!((status, again.lines().count()), (0, 1), "{said}");

    let server = ServerProcess::serve(&configuration, &url);
    let page = |link: &str| link.trim().strip_prefix(&url).unwrap().to_owned();
    let (first, second) = (page(&link), page(&again));
    let token = first.split_once("token=").unwrap().1;
    let password = [
        ("token", token),
        ("password", PASSWORD),
        ("repeat", PASSWORD),
    ];
    let sign_in = [("user", "manager@alder.example"), ("password", PASSWORD)];
    assert_ne!(
        fill_in(&url, "/sign-in", "/sign-in", &sign_in),
        303,
        "nobody knows a password yet"
    );
    assert_eq!(
        fill_in(&url, &first, "/set-password", &password),
        303,
        "{}",
        server.said()
    );
    assert_eq!(
        fill_in(&url, "/sign-in", "/sign-in", &sign_in),
        303,
        "{}",
        server.said()
    );
    // ATK-049: a link works once, and setting a password ends the others.
    for used in [&first, &second] {
        assert_eq!(fill_in(&url, used, "/set-password", &password), 403);
    }
    server.kill();
    let (status, audited, said) = run(&configuration, &["audit", "verify"], &[]);
    assert_eq!(status, 0, "{said}");
    assert!(audited.contains("\"holds\":true"), "{audited}");
}
