//! Passwords: which ones are taken, and how they are kept.
//!
//! At least 12 characters and at most 128, no rules of composition, no forced change; refused is what stands on a list of
//! known passwords, follows a pattern, or holds the name of the person, the company or this product (OWASP ASVS 5.0 6.2.1,
//! 6.2.5, 6.2.9, 6.2.12; ATK-018). Kept is an Argon2id hash with OWASP's parameters. A [`PasswordHash`] can only be made from
//! a [`NewPassword`], and that only by passing every check. The lists are in [`crate::breach_list`].

use std::sync::LazyLock;

use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};

use packtwin_core::code::Code;
use packtwin_core::refusal::{Refusal, Refusals};

use crate::breach_list::{self, BreachList};
use crate::error::StoreError;
use crate::random;
use crate::seal::Secret;

/// Fewest characters of a new password.
const LENGTH_MIN: usize = 12;
/// Most characters; more would only be work for the hash.
const LENGTH_MAX: usize = 128;
/// Fewest different characters.
const DISTINCT_MIN: usize = 5;
/// A name shorter than this may occur in a password by chance.
const NAME_LENGTH_MIN: usize = 4;
/// Where the fault is, as the API says it.
const PLACE: &str = "/password";

/// Memory of one hash in KiB, OWASP Password Storage Cheat Sheet: 19 MiB with two passes and one lane.
const MEMORY_KIB: u32 = 19 * 1024;
/// Passes over the memory.
const PASSES: u32 = 2;
/// Lanes.
const LANES: u32 = 1;

/// Whose password it is to be.
#[derive(Debug, Clone, Copy)]
pub struct PasswordOwner<'a> {
    /// The sign-in name.
    pub login: &'a str,
    /// The person's name.
    pub name: &'a str,
    /// The company's name.
    pub tenant: &'a str,
}

/// A password that passed every check, exactly as it was typed.
#[derive(Debug)]
pub struct NewPassword(Secret);

/// The stored form of a password.
#[derive(Debug, Clone)]
pub struct PasswordHash(String);

impl NewPassword {
    /// Checks a password for a person.
    ///
    /// # Errors
    /// Every fault at once, each under SEC-705; the inner error says that the list of breached passwords was not readable.
    pub fn check(
        password: &str,
        owner: PasswordOwner<'_>,
        list: Option<&BreachList>,
    ) -> Result<Result<Self, Refusals>, StoreError> {
        let mut faults = faults_of(password, owner);
        if breach_list::is_common(password) {
            faults.push("is one of the commonest passwords or is built on one".to_owned());
        }
        if let Some(list) = list
            && list.contains(password)?
        {
            faults.push("is on a list of passwords that were stolen elsewhere".to_owned());
        }
        let refusals = faults
            .into_iter()
            .map(|fault| Refusal::at(Code::PasswordWeak, PLACE, format!("the password {fault}")))
            .collect();
        let new = || NewPassword(Secret::new(password));
        Ok(Refusals::check(refusals).map(|()| new()))
    }

    /// Hashes the password with a fresh salt. Takes tens of milliseconds on purpose.
    ///
    /// # Errors
    /// The operating system gave no random bits or too little memory.
    pub fn hash(&self) -> Result<PasswordHash, StoreError> {
        hash_of(self.0.expose())
    }
}

impl PasswordHash {
    /// The text that is stored, in the PHC string format.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether `password` is the one that was hashed as `stored`. Without a stored hash the same work is done in vain, so that
/// the time does not tell whether the name was known (ATK-015).
pub(crate) fn verify(password: &str, stored: Option<&str>) -> bool {
    static DECOY: LazyLock<String> = LazyLock::new(|| {
        hash_of(b"a password that nobody has").map_or_else(|_| String::new(), |hash| hash.0)
    });
    // What is longer was never taken, and is not worth the work.
    let within = password.chars().count() <= LENGTH_MAX;
    let password = if within { password } else { "" };
    let right = argon2()
        .verify_password(password.as_bytes(), stored.unwrap_or(&DECOY))
        .is_ok();
    right && within && stored.is_some()
}

fn hash_of(password: &[u8]) -> Result<PasswordHash, StoreError> {
    let mut salt = [0; 16];
    random::fill(&mut salt)?;
    argon2()
        .hash_password_with_salt(password, &salt)
        .map(|hash| PasswordHash(hash.to_string()))
        .map_err(|error| StoreError::File(std::io::Error::other(error.to_string())))
}

fn argon2() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None)
        .expect("the three constants are within Argon2's limits");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn faults_of(password: &str, owner: PasswordOwner<'_>) -> Vec<String> {
    let mut faults = Vec::new();
    let length = password.chars().count();
    if length < LENGTH_MIN {
        faults.push(format!(
            "has {length} characters, {LENGTH_MIN} is the least"
        ));
    }
    if length > LENGTH_MAX {
        faults.push(format!("has {length} characters, {LENGTH_MAX} is the most"));
        return faults;
    }
    let mut distinct: Vec<char> = password.chars().collect();
    distinct.sort_unstable();
    distinct.dedup();
    if distinct.len() < DISTINCT_MIN {
        faults.push(format!(
            "has fewer than {DISTINCT_MIN} different characters"
        ));
    }
    let holds = |names: &str| names_in(names).any(|name| password.to_lowercase().contains(&name));
    // The part behind the @ belongs to the company or to a provider of mail.
    let local_part = owner.login.split('@').next().unwrap_or_default();
    if holds(local_part) || holds(owner.name) {
        faults.push("holds your own name".to_owned());
    }
    if holds(owner.tenant) {
        faults.push("holds the name of your company".to_owned());
    }
    if holds("packtwin") {
        faults.push("holds the name of this product".to_owned());
    }
    faults
}

/// A name as a whole and word by word, in lower case, without what is too short to mean anything.
fn names_in(name: &str) -> impl Iterator<Item = String> {
    let name = name.to_lowercase();
    let words: Vec<String> = name
        .split(|letter: char| !letter.is_alphanumeric())
        .map(str::to_owned)
        .collect();
    words
        .into_iter()
        .chain([name])
        .filter(|word| word.chars().count() >= NAME_LENGTH_MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWNER: PasswordOwner<'_> = PasswordOwner {
        login: "m.keller@alder.example",
        name: "Maria Keller",
        tenant: "Alder Pharma",
    };

    fn check(password: &str, expected: &[&str]) {
        let answer = NewPassword::check(password, OWNER, None).unwrap();
        let faults: Vec<String> = match &answer {
            Ok(_) => Vec::new(),
            Err(refusals) => refusals.iter().map(|fault| fault.text.clone()).collect(),
        };
        assert_eq!(faults.len(), expected.len(), "{password}: {faults:?}");
        for (fault, part) in faults.iter().zip(expected) {
            assert!(fault.contains(part), "{password}: {faults:?}");
        }
    }

    #[test]
    fn a_password_is_long_and_neither_known_nor_a_name() {
        check("tulip-cobalt-9", &[]);
        check("дождь и туман", &[]);
        check("tulip cobalt", &[]);
        check("tulipcobal7", &["11 characters"]);
        check("seven 7", &["7 characters"]);
        let exactly_64 = "k4mX 9aTq 27Lr vB8n Qe5z Hy3w Jd6c Tf1p Ru0g Ns7x Zk2m Wa9v Ob4e";
        assert_eq!(exactly_64.len(), 64);
        check(exactly_64, &[]);
        check(&("tulip cobalt ".repeat(9) + "tulip cobal"), &[]);
        check(
            &("tulip cobalt ".repeat(9) + "tulip cobalt"),
            &["129 characters"],
        );
        check("Packtwin-tulip-9", &["this product"]);
        check("my-KELLER-tulip9", &["own name"]);
        check("alder-tulip-0044", &["your company"]);
        check(
            "keller packtwin alder",
            &["own name", "your company", "this product"],
        );
        check("password1234", &["commonest"]);
        check("aaaaaaaaaaaa", &["fewer than 5", "commonest"]);
        check("abc", &["3 characters", "fewer than 5", "commonest"]);
    }

    #[test]
    fn every_fault_has_code_and_place() {
        let refusals = NewPassword::check("alder", OWNER, None)
            .unwrap()
            .unwrap_err();
        assert!(
            refusals
                .iter()
                .all(|fault| fault.code == Code::PasswordWeak)
        );
        assert!(refusals.iter().all(|fault| fault.place == PLACE));
        assert!(!refusals.to_string().contains("\"alder\""));
    }

    #[test]
    fn a_hash_opens_for_its_password_exactly() {
        let password = "Tulip cobalt 9 ";
        let new = NewPassword::check(password, OWNER, None).unwrap().unwrap();
        let hash = new.hash().unwrap();
        assert!(hash.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert_ne!(hash.as_str(), new.hash().unwrap().as_str());
        assert!(verify(password, Some(hash.as_str())));
        for wrong in [
            "Tulip cobalt 9",
            "tulip cobalt 9 ",
            "",
            &"x".repeat(1_000_000),
        ] {
            assert!(!verify(wrong, Some(hash.as_str())));
        }
        assert!(!verify("a password that nobody has", None));
        assert!(!verify("", Some("")));
    }
}
