//! Sample pages with invented data: nothing, a little, and hostile (64-character names, 20-character serials, ten million
//! rows, right-to-left text, markup in names). They fill `/design`, the preview renderer and the page checks; no real
//! page uses them.

mod administration;
mod connector;
mod data;
mod design;
mod hierarchy;
mod integration;
mod lists;
mod lot;
mod product;
mod upload;

use super::{
    confirm::ConfirmPage,
    problem::{Fault, ProblemPage},
    sign_in::{DemoAccount, SetPasswordPage, SignInPage},
};
use crate::pages::{
    frame::{Bare, Environment, Frame, RailEntry, Section, Theme},
    piece::{Field, FieldKind, Link, Toast, Tone},
};
use askama::Template;

pub use design::design_page;

/// How much is in a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fill {
    /// A tenant on its first day.
    Empty,
    /// A tenant as most are.
    Little,
    /// Everything as long, as many and as strange as it may be.
    Hostile,
}

impl Fill {
    /// Every fill.
    pub const ALL: [Fill; 3] = [Fill::Empty, Fill::Little, Fill::Hostile];

    /// Its name in file names.
    pub fn name(self) -> &'static str {
        match self {
            Fill::Empty => "empty",
            Fill::Little => "little",
            Fill::Hostile => "hostile",
        }
    }
}

/// A rendered sample page.
#[derive(Clone, Debug)]
pub struct Sample {
    /// File name without ending.
    pub name: &'static str,
    /// What the browser's title must contain besides the environment.
    pub object: String,
    /// The page.
    pub html: String,
}

/// Every page, rendered with this fill and theme.
///
/// # Errors
/// When a template cannot be rendered, which would be a fault of the template.
pub fn samples_render(fill: Fill, theme: Theme) -> askama::Result<Vec<Sample>> {
    let mut all = vec![
        Sample {
            name: "sign_in",
            object: "Sign in".into(),
            html: sign_in_page(fill, theme).render()?,
        },
        Sample {
            name: "set_password",
            object: "Set a password".into(),
            html: set_password_page(fill, theme).render()?,
        },
        problem_sample(fill, theme)?,
    ];
    macro_rules! render {
        ($($name:literal: $page:expr),+ $(,)?) => {
            $({
                let page = $page;
                all.push(Sample { name: $name, object: page.title.whole(), html: page.render()? });
            })+
        };
    }
    let at = |section: Section| frame(fill, theme, section);
    render! {
        "home": lists::home_page(fill, at(Section::Today)),
        "expiring": lists::expiring_page(fill, at(Section::Administration)),
        "products": lists::products_page(fill, at(Section::Products)),
        "product": product::product_page(fill, at(Section::Products)),
        "product_form": product::product_form_page(fill, at(Section::Products)),
        "uploads": lists::uploads_page(fill, at(Section::Uploads)),
        "upload": upload::upload_page(fill, at(Section::Uploads)),
        "mapping": upload::mapping_page(fill, at(Section::Uploads)),
        "lots": lists::lots_page(fill, at(Section::Lots)),
        "lot": lot::lot_page(fill, at(Section::Lots)),
        "lot_receipt": lot::lot_receipt_page(fill, at(Section::Lots)),
        "confirm": confirm_page(fill, at(Section::Lots)),
        "connectors": lists::connectors_page(fill, at(Section::Connectors)),
        "connector": connector::connector_page(fill, at(Section::Connectors)),
        "messages": lists::messages_page(fill, at(Section::Messages)),
        "message": connector::message_page(fill, at(Section::Messages)),
        "captures": hierarchy::captures_page(fill, at(Section::Hierarchies)),
        "capture": hierarchy::capture_page(fill, at(Section::Hierarchies)),
        "container": hierarchy::container_page(fill, at(Section::Hierarchies)),
        "jobs": lists::jobs_page(fill, at(Section::Jobs)),
        "job": connector::job_page(fill, at(Section::Jobs)),
        "pack": lot::pack_page(fill, at(Section::Today)),
        "search": lists::search_page(fill, at(Section::Today)),
        "users": administration::users_page(fill, at(Section::Administration)),
        "user": administration::user_page(fill, at(Section::Administration)),
        "roles": administration::roles_page(fill, at(Section::Administration)),
        "role": administration::role_page(fill, at(Section::Administration)),
        "api_keys": integration::api_keys_page(fill, at(Section::Administration)),
        "api_key_form": integration::api_key_form_page(fill, at(Section::Administration)),
        "secret_once": integration::secret_once_page(fill, at(Section::Administration)),
        "webhooks": integration::webhooks_page(fill, at(Section::Administration)),
        "webhook_form": integration::webhook_form_page(fill, at(Section::Administration)),
        "webhook": integration::webhook_page(fill, at(Section::Administration)),
        "audit": administration::audit_page(fill, at(Section::Administration)),
        "design": design_page(at(Section::Today)),
    }
    Ok(all)
}

fn frame(fill: Fill, theme: Theme, section: Section) -> Frame {
    let waiting = |section| match (fill, section) {
        (Fill::Empty, _) => 0,
        (Fill::Little, Section::Lots) => 3,
        (Fill::Little, Section::Uploads) => 1,
        (Fill::Hostile, Section::Lots) => 12_408,
        (Fill::Hostile, Section::Uploads) => 999,
        _ => 0,
    };
    let toasts = match fill {
        Fill::Hostile => vec![Toast {
            tone: Tone::Good,
            text: format!("Lot {} is acknowledged by the hub.", data::lot(fill)),
            link: Some(Link::new("See the lot", "/lots/x/y")),
        }],
        Fill::Empty | Fill::Little => Vec::new(),
    };
    Frame {
        administers: true,
        environment: data::environment(fill),
        theme,
        csrf: "sample-form-token".into(),
        tenant: data::tenant(fill).into(),
        person: data::person(fill).into(),
        role: "Serialization manager".into(),
        now: data::moment(0),
        section,
        rail: Section::ALL
            .into_iter()
            .map(|section| RailEntry {
                section,
                waiting: waiting(section),
            })
            .collect(),
        search: String::new(),
        toasts,
        release: "Packtwin 0.1.0".into(),
    }
}

fn bare(fill: Fill, theme: Theme) -> Bare {
    Bare {
        environment: data::environment(fill),
        theme,
        csrf: "sample-form-token".into(),
    }
}

fn sign_in_page(fill: Fill, theme: Theme) -> SignInPage {
    let refusal = (fill == Fill::Hostile)
        .then(|| "Too many failed attempts. Try again in 30 seconds.".to_owned());
    let account = |tenant: &str, user: &str, role: &str| DemoAccount {
        tenant: tenant.into(),
        user: user.into(),
        password: "sandbox-only-8841".into(),
        role: role.into(),
    };
    SignInPage {
        frame: bare(fill, theme),
        user: Field::new("user", "Sign-in name", "")
            .required()
            .kind(FieldKind::Email)
            .autocomplete("username"),
        password: Field::new("password", "Password", "")
            .required()
            .kind(FieldKind::Password)
            .autocomplete("current-password"),
        next: "/".into(),
        refusal,
        demo_accounts: match fill {
            Fill::Empty => Vec::new(),
            _ => vec![
                account(
                    "maker",
                    "manager",
                    "Serialization manager of a small manufacturer",
                ),
                account(
                    "packer",
                    "specialist",
                    "Packaging data specialist of a contract packager",
                ),
                account("maker", "qp", "Qualified Person, reads only"),
            ],
        },
    }
}

fn set_password_page(fill: Fill, theme: Theme) -> SetPasswordPage {
    let refusals = match fill {
        Fill::Hostile => vec![
            "The password is in a list of stolen passwords. Choose another.".to_owned(),
            "The two passwords differ.".to_owned(),
        ],
        _ => Vec::new(),
    };
    let field = |name: &str, label: &str| {
        Field::new(name, label, "")
            .required()
            .kind(FieldKind::Password)
            .autocomplete("new-password")
    };
    SetPasswordPage {
        frame: bare(fill, theme),
        person: data::person(fill).into(),
        token: "sample-token".into(),
        password: field("password", "New password"),
        repeat: field("repeat", "The same again"),
        rules: vec![
            "At least 12 characters; a sentence is fine.".into(),
            "Not one that was ever found among stolen passwords.".into(),
        ],
        refusals,
    }
}

fn problem_sample(fill: Fill, theme: Theme) -> askama::Result<Sample> {
    let faults = match fill {
        Fill::Hostile => (1..=12)
            .map(|row| Fault {
                place: format!("row {row}, column {}", data::name(fill)),
                code: "UPL-011".into(),
                text: "The serial has 21 characters; at most 20 are allowed.".into(),
                what_to_do: "Correct it and upload again.".into(),
            })
            .collect(),
        _ => Vec::new(),
    };
    let page = ProblemPage {
        frame: Bare {
            environment: Environment::Production,
            theme,
            csrf: "sample-form-token".into(),
        },
        status: if fill == Fill::Empty { 404 } else { 409 },
        tone: if fill == Fill::Empty {
            Tone::Neutral
        } else {
            Tone::Attention
        },
        what: match fill {
            Fill::Empty => "There is no such page here".into(),
            _ => "This file was already received as upload 01J9ZK".into(),
        },
        why: if fill == Fill::Empty {
            String::new()
        } else {
            "Nothing was stored again.".into()
        },
        what_to_do: "Open that upload, or choose another file.".into(),
        code: if fill == Fill::Empty {
            String::new()
        } else {
            "UPL-001".into()
        },
        request_id: "req_5f2c9a".into(),
        faults,
        next: Some(Link::new("To the upload centre", "/uploads")),
    };
    Ok(Sample {
        name: "problem",
        object: page.what.clone(),
        html: page.render()?,
    })
}

fn confirm_page(fill: Fill, frame: Frame) -> ConfirmPage {
    let confirm = if fill == Fill::Hostile {
        data::recall(&frame.csrf)
    } else {
        data::send(fill, &frame.csrf)
    };
    ConfirmPage {
        title: data::lot_title(
            fill,
            if fill == Fill::Hostile {
                "Recall lot"
            } else {
                "Send lot"
            },
        ),
        facts: data::lot_facts(fill),
        confirm,
        frame,
    }
}
