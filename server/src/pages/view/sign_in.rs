//! Signing in, and setting a password from an invitation or after its end (URS-UR-002: every person an own account).

use crate::pages::{frame::Bare, piece::Field};
use askama::Template;

/// `GET /sign-in`, and again after a refused `POST /sign-in` (fields `user`, `password`, `next`, `csrf`). A
/// sign-in name belongs to one tenant of the site, so nobody is asked for theirs.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "page/sign_in.html")]
pub struct SignInPage {
    /// Band, theme, form token.
    pub frame: Bare,
    /// The sign-in name.
    pub user: Field,
    /// The password.
    pub password: Field,
    /// Where to go afterwards; a path of this site.
    pub next: String,
    /// Why the last attempt was refused, the same sentence for a wrong name and a wrong password.
    pub refusal: Option<String>,
    /// Accounts of the demo site; empty everywhere else.
    pub demo_accounts: Vec<DemoAccount>,
}

/// An account of the demo site.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DemoAccount {
    /// Whose account it is.
    pub tenant: String,
    /// Account to type.
    pub user: String,
    /// Password to type.
    pub password: String,
    /// What the account may do, in words.
    pub role: String,
}

/// `GET /set-password` and again after a refused `POST` (fields `token`, `password`, `repeat`, `csrf`).
#[derive(Clone, Debug, Default, Template)]
#[template(path = "page/set_password.html")]
pub struct SetPasswordPage {
    /// Band, theme, form token.
    pub frame: Bare,
    /// Whose password.
    pub person: String,
    /// The invitation's or session's token.
    pub token: String,
    /// New password.
    pub password: Field,
    /// The same again.
    pub repeat: Field,
    /// What a password must be, one sentence each.
    pub rules: Vec<String>,
    /// Everything that was refused last time.
    pub refusals: Vec<String>,
}
