//! People and keys as the server meets them: signing in, what open sessions may do after a change, throttling, API keys.

#![allow(
    clippy::unwrap_used,
    reason = "a test says what it expects by unwrapping it"
)]

use std::net::IpAddr;

use packtwin_core::environment::Environment;
use packtwin_core::ids::{SessionId, TenantId, UserId};
use packtwin_core::role::{Permission, Role};
use packtwin_core::time::Timestamp;
use packtwin_tenants::error::StoreError;
use packtwin_tenants::key_sign_in::KeyRefused;
use packtwin_tenants::password::{NewPassword, PasswordHash, PasswordOwner};
use packtwin_tenants::scope::{Housekeeping, Who};
use packtwin_tenants::sign_in::{SignIn, SignInRefused, Signed, SignedBy};
use packtwin_tenants::site::{Site, SiteSettings};
use packtwin_tenants::store::api_key::NewApiKey;
use packtwin_tenants::store::session::SessionLimits;
use packtwin_tenants::store::user::{NewUser, UserChangeRefused, UserState};
use packtwin_tenants::testing::{TestSite, for_each_engine, now};

const LOGIN: &str = "M.Keller@alder.example";
const PASSWORD: &str = "tulip cobalt 9";
const HOME: &str = "192.0.2.10";

fn hash(password: &str) -> PasswordHash {
    let owner = PasswordOwner {
        login: LOGIN,
        name: "Maria Keller",
        tenant: "Alder",
    };
    let new = NewPassword::check(password, owner, None).unwrap().unwrap();
    new.hash().unwrap()
}

fn person(
    site: &Site,
    tenant: TenantId,
    login: &str,
    roles: &[Role],
) -> Result<UserId, StoreError> {
    let new = NewUser {
        login,
        name: "Maria Keller",
        language: "en",
        roles,
        password: hash(PASSWORD),
    };
    let scope = site.system_scope(tenant, "test");
    scope.change(now(), |writer| writer.user_create(new))
}

fn try_password(
    site: &Site,
    login: &str,
    password: &str,
    address: &str,
    at: Timestamp,
) -> Result<Signed, SignInRefused> {
    let attempt = SignIn {
        login,
        password,
        address: address.parse::<IpAddr>().unwrap(),
        client: "a browser",
        correlation: "req_1",
    };
    site.sign_in(&attempt, SessionLimits::default(), at)
}

fn session_of(signed: &Signed) -> SessionId {
    match &signed.by {
        SignedBy::Session { session, .. } => *session,
        SignedBy::Key(_) => panic!("signed in by a key"),
    }
}

/// What a request with this session is, at that time.
fn request(site: &Site, tenant: TenantId, session: SessionId, at: Timestamp) -> Option<Signed> {
    site.authenticate_session(tenant, session, SessionLimits::default(), at)
        .unwrap()
}

/// The actions and details in a tenant's audit chain, oldest first.
fn trail(site: &Site, tenant: TenantId) -> Vec<(String, String, String)> {
    let scope = site.system_scope(tenant, "test");
    let entries = scope.read(|reader| {
        reader.audit_verify()?.expect("the chain holds");
        reader.audit_list_after(0, 10_000)
    });
    let entries: Vec<_> = entries.unwrap();
    entries
        .into_iter()
        .map(|stored| (stored.entry.action, stored.entry.detail, stored.entry.actor))
        .collect()
}

fn count(site: &Site, tenant: TenantId, action: &str) -> usize {
    let trail = trail(site, tenant);
    trail.iter().filter(|(found, ..)| found == action).count()
}

/// Proves URS-UR-002: a sign-in name belongs to one person of the whole site, in any letter case, for ever.
#[test]
fn a_name_is_given_once() {
    for_each_engine(|site| {
        let (a, b) = site.two_tenants();
        let id = person(site, a, LOGIN, &[Role::Integrator]).unwrap();
        for tenant in [a, b] {
            let taken = person(site, tenant, " m.keller@ALDER.example ", &[]);
            assert!(matches!(taken, Err(StoreError::Taken)));
        }
        let scope = site.scope_of(a);
        scope
            .change(now(), |w| w.user_state_set(id, UserState::Disabled, 1))
            .unwrap();
        assert!(matches!(
            person(site, a, LOGIN, &[]),
            Err(StoreError::Taken)
        ));
        assert_eq!(count(site, a, "user.created"), 1);
        assert_eq!(count(site, b, "user.created"), 0);
    });
}

#[test]
fn an_account_is_changed_from_the_version_that_was_read() {
    for_each_engine(|site| {
        let (a, _) = site.two_tenants();
        let id = person(site, a, LOGIN, &[Role::Operator, Role::Integrator]).unwrap();
        let scope = site.scope_of(a);
        let get = || scope.read(|reader| reader.user_get(id)).unwrap().unwrap();
        assert_eq!(get().roles, [Role::Operator, Role::Integrator]);
        assert_eq!((get().login.as_str(), get().row_version), (LOGIN, 1));
        scope
            .change(now(), |w| w.user_roles_set(id, &[Role::Administrator], 1))
            .unwrap();
        let stale = scope.change(now(), |w| w.user_roles_set(id, &[], 1));
        assert!(matches!(stale, Err(UserChangeRefused::ChangedMeanwhile)));
        let nobody = UserId::from_random(5);
        let none = scope.change(now(), |w| w.user_profile_set(nobody, "x", "de", 1));
        assert!(matches!(none, Err(UserChangeRefused::NotFound)));
        scope
            .change(now(), |w| w.user_profile_set(id, "Maria K.", "de", 2))
            .unwrap();
        let user = get();
        assert_eq!(
            (user.name.as_str(), user.language.as_str()),
            ("Maria K.", "de")
        );
        assert_eq!(
            (user.roles.as_slice(), user.row_version),
            (&[Role::Administrator][..], 3)
        );
        let administrators = |role| scope.read(|reader| reader.user_count_active(role)).unwrap();
        assert_eq!(administrators(Role::Administrator), 1);
        assert_eq!(administrators(Role::Operator), 0);
        assert_eq!(
            scope.read(|reader| reader.user_list(None, 10)).unwrap(),
            [user]
        );
        // URS-AT-002: both values stand in the entry.
        let trail = trail(site, a);
        let (_, detail, _) = trail
            .iter()
            .find(|(action, ..)| action == "user.roles_changed")
            .unwrap();
        assert!(
            detail.contains(r#""old":{"roles":["operator","integrator"]}"#),
            "{detail}"
        );
        assert!(
            detail.contains(r#""new":{"roles":["administrator"]}"#),
            "{detail}"
        );
    });
}

#[test]
fn the_right_password_opens_a_session_with_the_rights_of_the_roles() {
    for_each_engine(|site| {
        let (a, b) = site.two_tenants();
        let id = person(site, a, LOGIN, &[Role::PackagingSpecialist]).unwrap();
        let signed = try_password(site, " m.keller@alder.EXAMPLE", PASSWORD, HOME, now()).unwrap();
        assert_eq!(
            (signed.actor.tenant(), signed.actor.who()),
            (a, &Who::Person(id))
        );
        assert!(signed.may(Permission::UploadsWrite) && !signed.may(Permission::LotsWrite));
        let session = session_of(&signed);
        assert_eq!(request(site, a, session, now()), Some(signed));
        assert_eq!(request(site, b, session, now()), None);
        assert_eq!(request(site, TenantId(99), session, now()), None);
        assert_eq!(request(site, a, SessionId::from_random(1), now()), None);
        // ATK-023: every sign-in has a session of its own.
        let again = try_password(site, LOGIN, PASSWORD, HOME, now()).unwrap();
        assert_ne!(session_of(&again), session);
        assert_eq!(count(site, a, "session.opened"), 2);
    });
}

/// Proves URS-UR-005: idle and absolute time, by an owned clock.
#[test]
fn a_session_ends_after_rest_and_after_all() {
    for_each_engine(|site| {
        let (a, _) = site.two_tenants();
        person(site, a, LOGIN, &[]).unwrap();
        let signed = try_password(site, LOGIN, PASSWORD, HOME, now()).unwrap();
        let session = session_of(&signed);
        let at = |seconds| now().plus_seconds(seconds);
        assert!(request(site, a, session, at(1799)).is_some());
        assert!(request(site, a, session, at(1799 + 1800)).is_none(), "idle");
        for half_hour in 1..24 {
            assert!(request(site, a, session, at(1799 + half_hour * 1790)).is_some());
        }
        assert!(request(site, a, session, at(12 * 3600 - 1)).is_some());
        assert!(
            request(site, a, session, at(12 * 3600)).is_none(),
            "absolute"
        );
    });
}

/// Proves URS-UR-005 and shows ATK-021, ATK-022, ATK-029 from the store's side.
#[test]
fn changes_act_on_open_sessions_at_once() {
    for_each_engine(|site| {
        let (a, _) = site.two_tenants();
        let id = person(site, a, LOGIN, &[Role::Administrator]).unwrap();
        let scope = site.scope_of(a);
        let open = || session_of(&try_password(site, LOGIN, PASSWORD, HOME, now()).unwrap());
        let is_open = |session| request(site, a, session, now()).is_some();

        let (first, second) = (open(), open());
        scope
            .change(now(), |w| w.user_roles_set(id, &[Role::QualifiedPerson], 1))
            .unwrap();
        let signed = request(site, a, first, now()).unwrap();
        assert!(!signed.may(Permission::Administer) && signed.may(Permission::LotsRead));

        scope.change(now(), |w| w.session_revoke(first)).unwrap();
        assert!(!is_open(first) && is_open(second));
        let touched = scope.housekeep(now().plus_seconds(1), Housekeeping::LastUse, |w| {
            w.session_touch(first)
        });
        assert!(
            !touched.unwrap(),
            "a request does not wake an ended session"
        );

        let third = open();
        let ended = scope.change(now(), |w| {
            w.user_password_set(id, &hash("harbour kettle 31"), Some(third))
        });
        assert_eq!(ended.unwrap(), 1);
        assert!(!is_open(second) && is_open(third));
        let old = try_password(site, LOGIN, PASSWORD, HOME, now());
        assert!(matches!(old, Err(SignInRefused::Wrong)));
        let fourth =
            session_of(&try_password(site, LOGIN, "harbour kettle 31", HOME, now()).unwrap());

        scope
            .change(now(), |w| w.user_state_set(id, UserState::Disabled, 3))
            .unwrap();
        assert!(!is_open(third) && !is_open(fourth));
        let disabled = try_password(site, LOGIN, "harbour kettle 31", HOME, now());
        assert!(matches!(disabled, Err(SignInRefused::Wrong)));
        scope
            .change(now(), |w| w.user_state_set(id, UserState::Active, 4))
            .unwrap();
        assert!(!is_open(third), "an ended session does not come back");
        assert_eq!(scope.read(|r| r.session_list_of(id, 10)).unwrap().len(), 4);
        let later = now().plus_days(91);
        let swept = scope.housekeep(later, Housekeeping::Sweep, |w| w.session_sweep());
        assert_eq!(swept.unwrap(), 4);
    });
}

/// Proves URS-AT-009: failures stand in the trail with account, source and cause, and without what was typed.
#[test]
fn failures_are_recorded_without_secrets() {
    for_each_engine(|site| {
        let (a, _) = site.two_tenants();
        let id = person(site, a, LOGIN, &[]).unwrap();
        assert!(try_password(site, LOGIN, "typed-wrong-secret", HOME, now()).is_err());
        assert!(try_password(site, "typed-as-name-secret", PASSWORD, HOME, now()).is_err());
        let platform = packtwin_core::ids::TenantId(0);
        for (tenant, cause) in [(a, "wrong password"), (platform, "unknown login")] {
            let trail = trail(site, tenant);
            let (_, detail, _) = trail
                .iter()
                .find(|(action, ..)| action == "sign_in.failed")
                .unwrap();
            assert!(detail.contains(cause) && detail.contains(HOME), "{detail}");
        }
        let everything = format!("{:?}{:?}", trail(site, a), trail(site, platform));
        for secret in [
            "typed-wrong-secret",
            "typed-as-name-secret",
            PASSWORD,
            "argon2",
        ] {
            assert!(!everything.contains(secret));
        }
        let by_object = site
            .scope_of(a)
            .read(|r| r.audit_list_before(i64::MAX, Some(&format!("user {id}")), 10));
        assert_eq!(by_object.unwrap().len(), 2);
    });
}

fn wait_of(refused: Result<Signed, SignInRefused>) -> Option<Timestamp> {
    match refused {
        Err(SignInRefused::Throttled { until }) => Some(until),
        Err(SignInRefused::Wrong) | Ok(_) => None,
        Err(SignInRefused::Store(error)) => panic!("{error}"),
    }
}

/// Shows ATK-014: guessing is slowed per account and per address, and no stranger locks anyone out.
#[test]
fn guessing_is_slowed_and_the_owner_still_comes_in() {
    for_each_engine(|site| {
        let (a, _) = site.two_tenants();
        person(site, a, LOGIN, &[]).unwrap();
        let stranger = |number: i32| format!("198.51.{}.{}", number / 250, number % 250);
        assert!(try_password(site, LOGIN, PASSWORD, HOME, now()).is_ok());

        // Many addresses against one account: after a few, the account waits for every stranger.
        let mut at = now();
        for number in 0..5 {
            let wait = wait_of(try_password(site, LOGIN, "guess", &stranger(number), at));
            assert_eq!(wait, None);
        }
        let wait = wait_of(try_password(site, LOGIN, PASSWORD, &stranger(9), at));
        assert_eq!(wait, Some(at.plus_seconds(1)));
        let mut guesses = 0;
        for number in 10..510 {
            at = at.plus_seconds(1);
            guesses += i32::from(
                wait_of(try_password(site, LOGIN, "guess", &stranger(number), at)).is_none(),
            );
        }
        assert!(guesses <= 10, "{guesses} guesses in 500 seconds");

        // The owner comes in from the familiar address at once, and from another after the wait.
        assert!(try_password(site, LOGIN, PASSWORD, HOME, at).is_ok());
        let until = wait_of(try_password(site, LOGIN, PASSWORD, "203.0.113.5", at)).unwrap();
        assert!(until <= at.plus_seconds(300));
        assert!(try_password(site, LOGIN, PASSWORD, "203.0.113.5", until).is_ok());

        // Guessing from the familiar address waits as well, on a counter of its own.
        for _ in 0..5 {
            let _ = try_password(site, LOGIN, "guess", HOME, until);
        }
        assert!(wait_of(try_password(site, LOGIN, PASSWORD, HOME, until)).is_some());

        // A clock that was set back does not lock out for longer than the longest wait.
        let earlier = now().plus_days(-10);
        assert!(try_password(site, LOGIN, PASSWORD, HOME, earlier).is_ok());
    });
}

/// Shows ATK-014 for one address: many accounts, known or not, wait together; another address does not.
#[test]
fn an_address_that_tries_many_names_waits() {
    for_each_engine(|site| {
        let (a, _) = site.two_tenants();
        person(site, a, LOGIN, &[]).unwrap();
        let tries =
            (0..40).map(|name| try_password(site, &format!("name{name}"), "guess", HOME, now()));
        let free = tries
            .filter_map(|refused| wait_of(refused).is_none().then_some(()))
            .count();
        assert_eq!(free, 21);
        assert!(wait_of(try_password(site, LOGIN, PASSWORD, HOME, now())).is_some());
        assert!(try_password(site, LOGIN, PASSWORD, "203.0.113.5", now()).is_ok());
        assert!(site.throttle_sweep(now()).unwrap() == 0);
        assert!(site.throttle_sweep(now().plus_seconds(3601)).unwrap() >= 20);
        assert!(site.throttle_sweep(now().plus_days(91)).unwrap() == 1);
    });
}

/// Shows ATK-014 under concurrency: attempts at the same moment are counted before their passwords are looked at.
#[test]
fn attempts_at_once_are_not_free() {
    for_each_engine(|site| {
        let (a, _) = site.two_tenants();
        person(site, a, LOGIN, &[]).unwrap();
        let looked_at = std::thread::scope(|threads| {
            let guess = || wait_of(try_password(site, LOGIN, "guess", HOME, now())).is_none();
            let guesses: Vec<_> = (0..24).map(|_| threads.spawn(guess)).collect();
            guesses
                .into_iter()
                .map(|g| g.join().unwrap())
                .filter(|&looked| looked)
                .count()
        });
        assert_eq!(looked_at, 5);
        assert_eq!(count(site, a, "sign_in.failed"), 5);
    });
}

/// Shows ATK-015: the hash is computed for a name nobody has as well. Medians, so that a busy machine does not matter.
#[test]
fn an_unknown_name_takes_as_long_as_a_wrong_password() {
    for_each_engine(|site| {
        let (a, _) = site.two_tenants();
        person(site, a, LOGIN, &[]).unwrap();
        let (mut known, mut unknown) = (Vec::new(), Vec::new());
        for hour in 0..15 {
            let at = now().plus_seconds(hour * 4000);
            for (login, times) in [(LOGIN, &mut known), ("nobody@alder.example", &mut unknown)] {
                let start = std::time::Instant::now();
                let refused = try_password(site, login, "guess", HOME, at);
                times.push(start.elapsed());
                assert!(matches!(refused, Err(SignInRefused::Wrong)));
            }
        }
        known.sort_unstable();
        unknown.sort_unstable();
        let ratio = known[7].as_secs_f64() / unknown[7].as_secs_f64();
        assert!(
            (0.6..1.6).contains(&ratio),
            "{:?} and {:?}",
            known[7],
            unknown[7]
        );
    });
}

fn key(site: &Site, tenant: TenantId, expires_at: Option<Timestamp>) -> String {
    let new = NewApiKey {
        name: "line 3",
        scopes: &[Permission::UploadsWrite, Permission::UploadsRead],
        expires_at,
    };
    let scope = site.system_scope(tenant, "test");
    let (_, key) = scope
        .change(now(), |writer| writer.api_key_create(new))
        .unwrap();
    key.expose_text().unwrap().to_owned()
}

/// Shows ATK-081 from the store's side: only a hash is kept, and a key is good for its scopes, its time and its tenant.
#[test]
fn a_key_is_known_by_its_secret_until_it_ends() {
    for_each_engine(|site| {
        let (a, _) = site.two_tenants();
        let text = key(site, a, Some(now().plus_days(30)));
        assert!(text.starts_with("pt_test_"), "{text}");
        let signed = site.authenticate_key(&text, now()).unwrap();
        assert_eq!(signed.actor.tenant(), a);
        assert!(signed.may(Permission::UploadsWrite) && !signed.may(Permission::LotsRead));
        let SignedBy::Key(record) = &signed.by else {
            panic!("signed in by a session");
        };
        assert!(text.starts_with(&record.prefix));
        let scope = site.scope_of(a);
        let used = || {
            scope
                .read(|r| r.api_key_get(record.id))
                .unwrap()
                .unwrap()
                .last_used_at
        };
        assert_eq!(used(), Some(now()));
        site.authenticate_key(&text, now().plus_seconds(59))
            .unwrap();
        assert_eq!(used(), Some(now()), "noted once a minute");
        site.authenticate_key(&text, now().plus_seconds(60))
            .unwrap();
        assert_eq!(used(), Some(now().plus_seconds(60)));

        let last = text.chars().last().unwrap();
        let wrong_secret = format!(
            "{}{}",
            &text[..text.len() - 1],
            if last == '0' { '1' } else { '0' }
        );
        let other_id = text.replacen(&record.id.to_string()[4..], &"0".repeat(26), 1);
        for unknown in [wrong_secret.as_str(), &other_id, "", "pt_test_x_y"] {
            let refused = site.authenticate_key(unknown, now());
            assert!(matches!(refused, Err(KeyRefused::Unknown)), "{unknown}");
        }
        let live = text.replace("pt_test_", "pt_live_");
        let refused = site.authenticate_key(&live, now());
        assert!(matches!(
            refused,
            Err(KeyRefused::OtherEnvironment {
                environment: Environment::Production
            })
        ));
        let refused = site.authenticate_key(&text, now().plus_days(30));
        assert!(matches!(refused, Err(KeyRefused::Expired)));
        scope
            .change(now(), |w| w.api_key_revoke(record.id))
            .unwrap();
        for seconds in 0..3 {
            let refused = site.authenticate_key(&text, now().plus_seconds(seconds));
            assert!(matches!(refused, Err(KeyRefused::Revoked)));
        }

        // One entry for each cause and hour; the key itself stands nowhere.
        assert_eq!(count(site, a, "api_key.refused"), 3);
        assert_eq!(count(site, a, "api_key.created"), 1);
        let secret = text.rsplit('_').next().unwrap();
        assert!(!format!("{:?}", trail(site, a)).contains(secret));
        assert!(!holds(site, secret));
    });
}

/// Whether any key row holds a text, read past every scope.
fn holds(site: &TestSite, text: &str) -> bool {
    match site.sqlite_file() {
        Some(file) => {
            let wal = file.with_extension("db-wal");
            [file, wal].iter().any(|file| {
                let bytes = std::fs::read(file).unwrap_or_default();
                bytes
                    .windows(text.len())
                    .any(|part| part == text.as_bytes())
            })
        }
        None => {
            let sql =
                format!("SELECT count(*) AS number FROM api_key k WHERE k::text LIKE '%{text}%'");
            site.number_as_owner(&sql) > 0
        }
    }
}

#[test]
fn a_site_of_another_environment_does_not_open() {
    for_each_engine(|site| {
        let settings = SiteSettings {
            environment: Environment::Validation,
            ..site.settings().clone()
        };
        let refused = Site::open(settings, now()).map(|_| ());
        assert!(
            matches!(refused, Err(StoreError::WrongSite(_))),
            "{refused:?}"
        );
    });
}
