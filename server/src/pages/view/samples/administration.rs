//! Sample administration pages.

use super::{Fill, data};
use crate::pages::{
    frame::Frame,
    piece::{Action, Check, Code, EmptyState, Field, FieldGroup, FieldKind, Form, Input, Title},
    view::{
        AdministrationTab,
        audit::{AuditPage, AuditRow},
        role::{RightGroup, RightRow, RoleColumn, RolePage, RolesPage},
        user::{UserPage, UserRow, UsersPage},
    },
};

const ROLES: [&str; 6] = [
    "Serialization manager",
    "Qualified Person",
    "Packaging data specialist",
    "Administrator",
    "Auditor",
    "Support",
];

pub fn empty(heading: &str, sentence: &str) -> EmptyState {
    EmptyState {
        sample: None,
        ..data::empty(heading, sentence, None)
    }
}

pub fn users_page(fill: Fill, frame: Frame) -> UsersPage {
    let rows = (0..data::rows(fill))
        .map(|index| UserRow {
            href: "/administration/users/u1".into(),
            name: data::person(fill).into(),
            account: format!("account-{index}@sandbox.example"),
            roles: ROLES[index as usize % 6].into(),
            state: [
                data::good("active"),
                data::info("invited"),
                data::attention("locked"),
                data::neutral("ended"),
            ][index as usize % 4]
                .clone(),
            signed_in_at: (index % 4 != 1).then(|| data::moment(index as i64 * 600)),
            password_ends_at: (index % 4 == 0).then(|| data::moment(-40_000)),
        })
        .collect();
    UsersPage {
        frame,
        title: Title {
            primary: Some(
                Action::link("Invite a person", "/administration/users/invite").primary(),
            ),
            ..Title::page("Administration")
        },
        tab: AdministrationTab::Users,
        filter: data::filter(fill, "/administration/users", &["All", "Active", "Invited"]),
        rows,
        pager: data::pager(fill, "users"),
        empty: empty("No user matches", "Change the filter, or invite a person."),
    }
}

pub fn user_page(fill: Fill, frame: Frame) -> UserPage {
    let csrf = frame.csrf.clone();
    let roles = ROLES
        .iter()
        .map(|role| {
            Input::Check(Check {
                name: "role".into(),
                value: role.to_lowercase().replace(' ', "-"),
                label: (*role).into(),
                checked: *role == ROLES[0],
                ..Check::default()
            })
        })
        .collect();
    let is_new = fill == Fill::Empty;
    UserPage {
        title: if is_new {
            Title::page("Invite a person").back("Users", "/administration/users")
        } else {
            Title {
                state: Some(data::good("active")),
                ..Title::named("User", data::person(fill))
            }
            .back("Users", "/administration/users")
        },
        tab: AdministrationTab::Users,
        form: Form {
            action: "/administration/users".into(),
            csrf: csrf.clone(),
            groups: vec![
                FieldGroup {
                    legend: "Person".into(),
                    hint: String::new(),
                    inputs: vec![
                        Input::Field(
                            Field::new(
                                "name",
                                "Name",
                                if is_new { "" } else { data::person(fill) },
                            )
                            .required(),
                        ),
                        Input::Field(
                            Field::new("email", "E-mail", "")
                                .kind(FieldKind::Email)
                                .required(),
                        ),
                    ],
                },
                FieldGroup {
                    legend: "Roles".into(),
                    hint: "Some roles must not meet in one person; the form says which.".into(),
                    inputs: roles,
                },
            ],
            submit: if is_new {
                "Invite this person".into()
            } else {
                "Save".into()
            },
            cancel_href: "/administration/users".into(),
            ..Form::default()
        },
        actions: if is_new {
            Vec::new()
        } else {
            vec![
                Action::post(
                    "End all sessions",
                    "/administration/users/u1/end-sessions",
                    &csrf,
                ),
                Action::link("End this account", "/administration/users/u1/end").danger(),
            ]
        },
        invitation_link: (fill == Fill::Little)
            .then(|| "https://localhost/set-password?token=Zk3vB1q8x2m9".to_owned()),
        timeline: data::timeline(fill),
        frame,
    }
}

pub fn roles_page(fill: Fill, frame: Frame) -> RolesPage {
    let right = |words: &str, mask: u8| RightRow {
        words: words.into(),
        granted: (0..6).map(|role| mask >> role & 1 == 1).collect(),
    };
    RolesPage {
        frame,
        title: Title::page("Administration"),
        tab: AdministrationTab::Roles,
        roles: ROLES
            .iter()
            .enumerate()
            .map(|(index, role)| RoleColumn {
                name: if fill == Fill::Hostile {
                    data::name(fill).into()
                } else {
                    (*role).into()
                },
                people: index as u64 % 3,
                href: (index == 5).then(|| "/administration/roles/night_shift".into()),
            })
            .collect(),
        groups: vec![
            RightGroup {
                noun: "Uploads".into(),
                rights: vec![
                    right("See uploads and their check", 0b110111),
                    right("Upload a file", 0b000101),
                    right("Commit a lot", 0b000001),
                ],
            },
            RightGroup {
                noun: "Lots".into(),
                rights: vec![
                    right("See lots and packs", 0b110111),
                    right("Send packs to the hub", 0b000001),
                    right("Recall or withdraw", 0b000001),
                    right("Print the receipt", 0b000011),
                ],
            },
            RightGroup {
                noun: "Administration".into(),
                rights: vec![
                    right("Invite people and give roles", 0b001000),
                    right("Make and revoke API keys", 0b001000),
                    right("Read the audit trail", 0b011000),
                ],
            },
        ],
        forbidden: vec![
            "Administrator and Auditor.".into(),
            "Support and Qualified Person.".into(),
        ],
    }
}

pub fn role_page(fill: Fill, frame: Frame) -> RolePage {
    let (title, csrf) = (data::name(fill), frame.csrf.clone());
    RolePage {
        frame,
        title: Title::named("Role", title).back("Roles", "/administration/roles"),
        tab: AdministrationTab::Roles,
        form: Form {
            action: "/administration/roles/night_shift".into(),
            csrf: csrf.clone(),
            groups: vec![FieldGroup {
                legend: "Role".into(),
                hint: String::new(),
                inputs: vec![Input::Field(Field::new("title", "Title", title))],
            }],
            submit: "Save this role".into(),
            cancel_href: "/administration/roles".into(),
            ..Form::default()
        },
        actions: vec![
            Action::post(
                "Remove this role",
                "/administration/roles/night_shift/delete",
                &csrf,
            )
            .danger(),
        ],
        timeline: data::timeline(fill),
    }
}

pub fn audit_page(fill: Fill, frame: Frame) -> AuditPage {
    let rows = (0..data::rows(fill))
        .map(|index| AuditRow {
            at: data::moment(index as i64 * 11),
            who: data::person(fill).into(),
            actor: "user:usr_7Kq2".into(),
            what: ["Product changed", "Lot committed", "Signed in"][index as usize % 3].into(),
            action: [
                "product.version_changed",
                "upload.committed",
                "session.opened",
            ][index as usize % 3]
                .into(),
            object: data::name(fill).into(),
            object_href: (index % 3 != 2).then(|| "/products/x".to_owned()),
            field: if index % 3 == 0 {
                "pack size".into()
            } else {
                String::new()
            },
            old: if index % 3 == 0 {
                "28 tablets".into()
            } else {
                String::new()
            },
            new: if index % 3 == 0 {
                "30 tablets".into()
            } else {
                String::new()
            },
            reason: if index % 3 == 0 {
                "Change control CC-118".into()
            } else {
                String::new()
            },
            request_id: Code::abridged("request id", format!("req_5f2c9a77{index:02}"), 10),
        })
        .collect();
    AuditPage {
        frame,
        title: Title::page("Administration"),
        tab: AdministrationTab::Audit,
        chain: if fill == Fill::Hostile {
            data::bad("the chain breaks at entry 4,812")
        } else {
            data::good("chain unbroken, 4,812 entries")
        },
        filter: data::filter(
            fill,
            "/administration/audit",
            &["All", "Changes", "Failed sign-ins"],
        ),
        rows,
        pager: data::pager(fill, "entries"),
        empty: empty("No entry matches", "Change the filter."),
    }
}
