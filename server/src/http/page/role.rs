//! The role matrix as a page (URS-UR-003): who may do what, in plain words, and how many people have each role.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use packtwin_core::role::{Permission, Role};

use super::{Desk, html};
use crate::http::problem::Problem;
use crate::pages::piece::Title;
use crate::pages::view::AdministrationTab;
use crate::pages::view::role::{RightGroup, RightRow, RoleColumn, RolesPage};

/// The matrix.
pub(in crate::http) async fn list(desk: Desk) -> Result<HttpResponse, Problem> {
    let roles = desk
        .caller
        .read(|reader| {
            let mut columns = Vec::new();
            for role in Role::ALL {
                let people = u64::try_from(reader.user_count_active(role)?).unwrap_or(0);
                columns.push(RoleColumn {
                    name: role.title().to_owned(),
                    people,
                });
            }
            Ok(columns)
        })
        .await?;
    html(
        StatusCode::OK,
        &RolesPage {
            title: Title::page("Administration"),
            tab: AdministrationTab::Roles,
            roles,
            groups: groups(),
            forbidden: Vec::new(),
            frame: desk.frame,
        },
    )
}

/// Permissions under the noun that their scope name begins with.
fn groups() -> Vec<RightGroup> {
    let mut groups: Vec<RightGroup> = Vec::new();
    for permission in Permission::ALL {
        let noun = permission.as_str().split(':').next().unwrap_or_default();
        let noun = if noun == "admin" {
            "administration"
        } else {
            noun
        };
        let right = RightRow {
            words: permission.sentence().to_owned(),
            granted: Role::ALL
                .iter()
                .map(|role| role.permissions().contains(&permission))
                .collect(),
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
