//! The role matrix as a page (URS-UR-003): who may do what, in plain words, and how many people have each role; and the form
//! of the roles that the tenant makes for itself.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use packtwin_core::role::{Permission, Role};
use packtwin_tenants::store::role::RoleRecord;

use super::history::{self, People};
use super::{Desk, Form, error_at, html, see, sentences};
use crate::http::caller::Caller;
use crate::http::problem::Problem;
use crate::http::role::{CheckedRole, both, found, new_word, remove};
use crate::pages::piece::action::Hidden;
use crate::pages::piece::{
    Action, Check, Field, FieldGroup, FieldKind, Form as FormPiece, Input, Title,
};
use crate::pages::view::AdministrationTab;
use crate::pages::view::role::{RightGroup, RightRow, RoleColumn, RolePage, RolesPage};

const LIST: &str = "/administration/roles";

/// The matrix.
pub(in crate::http) async fn list(desk: Desk) -> Result<HttpResponse, Problem> {
    let (own, roles) = desk
        .caller
        .read(|reader| {
            let mut columns = Vec::new();
            for role in Role::ALL {
                columns.push(RoleColumn {
                    name: role.title().to_owned(),
                    people: u64::try_from(reader.user_count_active(role)?).unwrap_or(0),
                    href: None,
                });
            }
            let own = reader.role_list()?;
            for role in &own {
                columns.push(RoleColumn {
                    name: role.title.clone(),
                    people: reader.role_holder_count(&role.word)?,
                    href: Some(address(role)),
                });
            }
            Ok((own, columns))
        })
        .await?;
    html(
        StatusCode::OK,
        &RolesPage {
            title: Title {
                primary: Some(Action::link("Make a role", format!("{LIST}/new")).primary()),
                ..Title::page("Administration")
            },
            tab: AdministrationTab::Roles,
            roles,
            groups: groups(&own),
            forbidden: Vec::new(),
            frame: desk.frame,
        },
    )
}

fn address(role: &RoleRecord) -> String {
    format!("{LIST}/{}", role.word.as_str())
}

/// Permissions under the noun that their scope name begins with.
fn groups(own: &[RoleRecord]) -> Vec<RightGroup> {
    let mut groups: Vec<RightGroup> = Vec::new();
    for permission in Permission::ALL {
        let noun = permission.as_str().split(':').next().unwrap_or_default();
        let noun = if noun == "admin" {
            "administration"
        } else {
            noun
        };
        let of_release = Role::ALL.map(|role| role.permissions().contains(&permission));
        let own = own
            .iter()
            .map(|role| role.permissions.contains(&permission));
        let right = RightRow {
            words: permission.sentence().to_owned(),
            granted: of_release.into_iter().chain(own).collect(),
        };
        let noun = super::sentence(noun).trim_end_matches('.').to_owned();
        match groups.iter_mut().find(|group| group.noun == noun) {
            Some(group) => group.rights.push(right),
            None => groups.push(RightGroup {
                noun,
                rights: vec![right],
            }),
        }
    }
    groups
}

/// The form of a new role.
pub(in crate::http) async fn form(desk: Desk) -> Result<HttpResponse, Problem> {
    html(StatusCode::OK, &new_page(desk, &Typed::default(), None))
}

/// Makes a role.
pub(in crate::http) async fn create(desk: Desk, form: Form) -> Result<HttpResponse, Problem> {
    let typed = Typed::of(&form);
    let word = new_word(&typed.word);
    let checked = CheckedRole::check(&typed.title, &typed.permissions, &[], &desk.caller);
    let made = match both(word, checked) {
        Ok((word, checked)) => checked.create(&desk.caller, word, desk.shared.now()).await,
        Err(refusals) => Err(refusals.into()),
    };
    match made {
        Ok(_) => Ok(see(LIST)),
        Err(problem) if problem.status().is_server_error() => Err(problem),
        Err(problem) => html(problem.status(), &new_page(desk, &typed, Some(&problem))),
    }
}

/// One role of the tenant.
pub(in crate::http) async fn show(
    desk: Desk,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let role = found(&desk.caller, &path).await?;
    role_page(desk, &role, None).await
}

/// Changes title and permissions.
pub(in crate::http) async fn change(
    desk: Desk,
    path: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let role = found(&desk.caller, &path).await?;
    let (version, typed) = (form.version()?, Typed::of(&form));
    let checked = CheckedRole::check(
        &typed.title,
        &typed.permissions,
        &role.permissions,
        &desk.caller,
    );
    let changed = match checked {
        Ok(checked) => {
            checked
                .apply(&desk.caller, role.word.clone(), version, desk.shared.now())
                .await
        }
        Err(refusals) => Err(refusals.into()),
    };
    let changed = changed.map(drop);
    answer(desk, &role, changed).await
}

/// Removes a role that nobody has.
pub(in crate::http) async fn delete(
    desk: Desk,
    path: web::Path<String>,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let role = found(&desk.caller, &path).await?;
    let (version, now) = (form.version()?, desk.shared.now());
    let removed = remove(&desk.caller, role.word.clone(), version, now).await;
    answer(desk, &role, removed).await
}

async fn answer(
    desk: Desk,
    role: &RoleRecord,
    done: Result<(), Problem>,
) -> Result<HttpResponse, Problem> {
    match done {
        Ok(()) => Ok(see(LIST)),
        Err(problem) if problem.status().is_server_error() => Err(problem),
        Err(problem) => role_page(desk, role, Some(&problem)).await,
    }
}

/// What stands in the form of a role.
#[derive(Default)]
struct Typed {
    word: String,
    title: String,
    permissions: Vec<String>,
}

impl Typed {
    fn of(form: &Form) -> Self {
        Typed {
            word: form.text("name"),
            title: form.text("title"),
            permissions: form.all("permission"),
        }
    }
}

fn new_page(desk: Desk, typed: &Typed, problem: Option<&Problem>) -> RolePage {
    let mut word = Field::new("name", "Word", &typed.word)
        .kind(FieldKind::Code)
        .hint("As requests and the audit trail name it: small letters, digits and underscores. It never changes.")
        .required();
    word.error = error_at(problem, "/name");
    let mut groups = field_groups(&desk.caller, typed, &[], problem);
    groups[0].inputs.insert(0, Input::Field(word));
    RolePage {
        title: Title::page("Make a role").back("Roles", LIST),
        tab: AdministrationTab::Roles,
        form: FormPiece {
            action: LIST.into(),
            csrf: desk.csrf().to_owned(),
            groups,
            submit: "Make this role".into(),
            cancel_href: LIST.into(),
            refusals: problem.map(sentences).unwrap_or_default(),
            ..FormPiece::default()
        },
        frame: desk.frame,
        ..RolePage::default()
    }
}

async fn role_page(
    desk: Desk,
    role: &RoleRecord,
    problem: Option<&Problem>,
) -> Result<HttpResponse, Problem> {
    let people = People::read(&desk).await?;
    let object = format!("role {}", role.word.as_str());
    let timeline = history::of(&desk, &people, Some(object)).await?;
    let typed = Typed {
        word: String::new(),
        title: role.title.clone(),
        permissions: role
            .permissions
            .iter()
            .map(|permission| permission.as_str().to_owned())
            .collect(),
    };
    let csrf = desk.csrf().to_owned();
    let version = role.row_version.to_string();
    let page = RolePage {
        title: Title {
            note: role.word.as_str().to_owned(),
            ..Title::named("Role", &role.title)
        }
        .back("Roles", LIST),
        tab: AdministrationTab::Roles,
        form: FormPiece {
            action: address(role),
            csrf: csrf.clone(),
            hidden: vec![Hidden {
                name: "if_match".into(),
                value: version.clone(),
            }],
            groups: field_groups(&desk.caller, &typed, &role.permissions, problem),
            submit: "Save this role".into(),
            cancel_href: LIST.into(),
            refusals: problem.map(sentences).unwrap_or_default(),
            ..FormPiece::default()
        },
        actions: vec![
            Action::post(
                "Remove this role",
                format!("{}/delete", address(role)),
                &csrf,
            )
            .danger()
            .with("if_match", version),
        ],
        timeline,
        frame: desk.frame,
    };
    html(problem.map_or(StatusCode::OK, Problem::status), &page)
}

/// Title and permissions; what neither the person nor the role has is not offered.
fn field_groups(
    caller: &Caller,
    typed: &Typed,
    had: &[Permission],
    problem: Option<&Problem>,
) -> Vec<FieldGroup> {
    let mut title = Field::new("title", "Title", &typed.title).required();
    title.error = error_at(problem, "/title");
    let check = |permission: Permission| {
        Input::Check(Check {
            name: "permission".into(),
            value: permission.as_str().into(),
            label: permission.sentence().into(),
            checked: typed
                .permissions
                .iter()
                .any(|word| word == permission.as_str()),
            ..Check::default()
        })
    };
    let offered = Permission::ALL
        .into_iter()
        .filter(|permission| caller.may(*permission) || had.contains(permission));
    vec![
        FieldGroup {
            legend: "Role".into(),
            hint: String::new(),
            inputs: vec![Input::Field(title)],
        },
        FieldGroup {
            legend: "Allows".into(),
            hint: "A role allows no more than the one who makes it may.".into(),
            inputs: offered.map(check).collect(),
        },
    ]
}
