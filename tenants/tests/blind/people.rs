//! Drivers of people, sessions, keys, remembered answers and the audit trail.

use packtwin_core::ids::{ApiKeyId, SessionId, TenantId, UserId};
use packtwin_core::role::{Permission, Role, RoleWord};
use packtwin_tenants::error::StoreError;
use packtwin_tenants::password::{NewPassword, PasswordHash, PasswordOwner};
use packtwin_tenants::scope::Housekeeping;
use packtwin_tenants::sign_in::{SignIn, SignedBy};
use packtwin_tenants::store::api_key::NewApiKey;
use packtwin_tenants::store::idempotency::Answer;
use packtwin_tenants::store::role::RoleContent;
use packtwin_tenants::store::session::SessionLimits;
use packtwin_tenants::store::user::{NewUser, UserChangeRefused, UserState};
use packtwin_tenants::testing::{TestSite, now};

use crate::drivers;

/// What tenant B has.
pub struct World {
    user: UserId,
    session: SessionId,
    key: ApiKeyId,
    object: String,
    /// Has [`World::role`].
    holder: UserId,
    role: RoleWord,
    free_role: RoleWord,
}

const PASSWORD: &str = "tulip cobalt 9";

fn hash() -> PasswordHash {
    let owner = PasswordOwner {
        login: "login",
        name: "name",
        tenant: "tenant",
    };
    let new = NewPassword::check(PASSWORD, owner, None).expect("no list is read");
    let new = new.expect("the password is good");
    new.hash().expect("a hash is made")
}

/// Gives a tenant a person with a session, a key and remembered answers, with `marker` in every text.
pub fn plant(site: &TestSite, tenant: TenantId, marker: &str) -> World {
    let scope = site.scope_of(tenant);
    let new = NewUser {
        login: &format!("{marker}@site.example"),
        name: marker,
        language: marker,
        roles: &[Role::Administrator, Role::Operator],
        password: hash(),
    };
    let user = scope
        .change(now(), |writer| {
            let noted = writer.user_create(new)?;
            Ok::<_, StoreError>(noted.because(marker))
        })
        .expect("the name is free");
    let attempt = SignIn {
        login: &format!("{marker}@site.example"),
        password: PASSWORD,
        address: [192, 0, 2, 1].into(),
        client: marker,
        correlation: marker,
    };
    let signed = site
        .sign_in(&attempt, SessionLimits::default(), now())
        .expect("the password is right");
    let SignedBy::Session { session, .. } = signed.by else {
        panic!("a person has a session");
    };
    let new = NewApiKey {
        name: marker,
        scopes: &[Permission::JobsRead],
        expires_at: None,
    };
    let (key, _) = scope
        .change(now(), |writer| writer.api_key_create(new))
        .expect("a key is made");
    let answer = Answer {
        status: 201,
        headers: marker.to_owned(),
        body: marker.as_bytes().to_vec(),
    };
    scope
        .idempotency_begin(now(), &format!("old {marker}"), &[1; 32])
        .expect("the handle is free");
    let fresh = now().plus_days(400);
    scope
        .housekeep(fresh, Housekeeping::Answer, |writer| {
            for handle in ["answered", "running"] {
                let handle = format!("{handle} {marker}");
                writer.idempotency_begin(&handle, &[1; 32])?;
            }
            writer.idempotency_finish(&format!("answered {marker}"), &[1; 32], &answer)
        })
        .expect("answers are kept");
    let role = RoleWord::parse(&format!("{}_role", &marker[..5])).expect("a plain word");
    let free_role = RoleWord::parse(&format!("{}_free", &marker[..5])).expect("a plain word");
    let content = RoleContent {
        title: marker,
        permissions: &[Permission::JobsRead],
    };
    let holder = NewUser {
        login: &format!("{marker}@other.example"),
        name: marker,
        language: marker,
        roles: &[],
        password: hash(),
    };
    let holder = scope
        .change(now(), |writer| {
            let made = writer
                .role_create(&role, content)?
                .then(writer.role_create(&free_role, content)?)
                .then(writer.user_create(holder)?);
            let id = *made.value();
            let given = writer.user_own_roles_set(id, std::slice::from_ref(&role), 1);
            Ok::<_, UserChangeRefused>(made.then(given?.map(|()| id)).because(marker))
        })
        .expect("the words are free");
    World {
        holder,
        role,
        free_role,
        user,
        session,
        key,
        object: format!("user {user}"),
    }
}

fn answered() -> String {
    format!("answered {}", crate::MARKER)
}

fn running() -> String {
    format!("running {}", crate::MARKER)
}

fn other_role() -> RoleContent<'static> {
    RoleContent {
        title: "other",
        permissions: &[],
    }
}

drivers! { World;
    user_get => |writer, theirs| writer.user_get(theirs.user);
    user_list => |writer, _| writer.user_list(None, 1_000);
    // Both have one administrator; the planted rows of B would make it two.
    user_count_active (same) => |writer, _| {
        let count = writer.user_count_active(Role::Administrator).expect("people can be counted");
        assert_eq!(count, 1);
        count
    };
    // A name in use is refused whoever has it; a name of one's own is given, and stays with the one who made it.
    user_create (same) => |writer, _| {
        let login = format!("{:?}", writer.actor().tenant());
        let new = NewUser { login: &login, name: "x", language: "en", roles: &[], password: hash() };
        writer.user_create(new).is_ok()
    };
    user_roles_set => |writer, theirs| writer.user_roles_set(theirs.user, &[], 1);
    user_state_set => |writer, theirs| writer.user_state_set(theirs.user, UserState::Disabled, 1);
    user_profile_set => |writer, theirs| writer.user_profile_set(theirs.user, "x", "en", 1);
    user_password_set => |writer, theirs| writer.user_password_set(theirs.user, &hash(), None);
    session_get => |writer, theirs| writer.session_get(theirs.session);
    session_list_of => |writer, theirs| writer.session_list_of(theirs.user, 1_000);
    session_touch => |writer, theirs| writer.session_touch(theirs.session);
    session_revoke => |writer, theirs| writer.session_revoke(theirs.session);
    session_revoke_all => |writer, theirs| writer.session_revoke_all(theirs.user, None);
    // Each sweeps what is old of its own; that B's stays is seen in its rows.
    session_sweep (same) => |writer, _| writer.session_sweep();
    role_get => |writer, theirs| writer.role_get(&theirs.role);
    role_list => |writer, _| writer.role_list();
    role_holder_count => |writer, theirs| writer.role_holder_count(&theirs.role);
    role_change => |writer, theirs| writer.role_change(&theirs.role, other_role(), 1);
    role_delete => |writer, theirs| writer.role_delete(&theirs.free_role, 1);
    user_own_roles_set => |writer, theirs| writer.user_own_roles_set(theirs.holder, &[], 2);
    // A word of one's own is free whoever else has it.
    role_create (same) => |writer, _| {
        let word = RoleWord::parse("another_word").expect("a plain word");
        writer.role_create(&word, other_role()).is_ok()
    };
    api_key_get => |writer, theirs| writer.api_key_get(theirs.key);
    api_key_list => |writer, _| writer.api_key_list(None, 1_000);
    // A new key is nobody else's.
    api_key_create (same) => |writer, _| {
        let new = NewApiKey { name: "x", scopes: &[], expires_at: None };
        writer.api_key_create(new).is_ok()
    };
    api_key_used => |writer, theirs| writer.api_key_used(theirs.key);
    api_key_change => |writer, theirs| {
        let new = NewApiKey { name: "other", scopes: &[], expires_at: None };
        writer.api_key_change(theirs.key, new, 1)
    };
    api_key_revoke => |writer, theirs| writer.api_key_revoke(theirs.key);
    idempotency_begin => |writer, _| writer.idempotency_begin(&answered(), &[1; 32]);
    idempotency_finish => |writer, _| {
        let answer = Answer { status: 500, headers: String::new(), body: Vec::new() };
        writer.idempotency_finish(&running(), &[1; 32], &answer)
    };
    idempotency_abandon => |writer, _| writer.idempotency_abandon(&running());
    // As above.
    idempotency_release_all (same) => |writer, _| writer.idempotency_release_all();
    idempotency_sweep (same) => |writer, _| writer.idempotency_sweep();
    audit_list_after => |writer, _| writer.audit_list_after(0, 1_000);
    audit_list_of_objects => |writer, theirs| {
        writer.audit_list_of_objects(std::slice::from_ref(&theirs.object), 9)
    };
    audit_list_before => |writer, theirs| writer.audit_list_before(i64::MAX, Some(&theirs.object), 1_000);
    // Both chains hold and are equally long; that each is one's own is shown by the lists above.
    audit_verify (same) => |writer, _| writer.audit_verify();
    audit_verify_against (same) => |writer, _| writer.audit_verify_against(&[]);
}
