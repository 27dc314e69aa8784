//! Founding a demo site: tenants, people, a key, connectors, products and lots, all by the use cases that people use.
//!
//! Three tenants (users.md, Annex C, as far as road 1 goes): a small manufacturer with three products and five lots, one of
//! them incomplete at the hub and one not sent; a packager with products of two customers; a pharmacy group that waits for
//! verification and has people only.

use packtwin_app::desk::Desk;
use packtwin_app::house::House;
use packtwin_app::lot::{SendWhat, enter_produced, lot_of, request_send};
use packtwin_app::message::dispatch;
use packtwin_app::product::{create_product, send_version};
use packtwin_app::upload::request_commit;
use packtwin_core::batch_number::BatchNumber;
use packtwin_core::ids::TenantId;
use packtwin_core::product_code::ProductCode;
use packtwin_core::role::{Permission, Role};
use packtwin_core::time::Timestamp;
use packtwin_core::verification::Actor;
use packtwin_simulators::eu_hub::{Fault, RunningHub, Switches};
use packtwin_simulators::sandbox_authority::SandboxAuthority;
use packtwin_tenants::error::StoreError;
use packtwin_tenants::password::{NewPassword, PasswordOwner};
use packtwin_tenants::random;
use packtwin_tenants::store::api_key::NewApiKey;
use packtwin_tenants::store::user::NewUser;
use packtwin_tenants::verifier::VerifierStore;
use packtwin_tenants::verifier::premises::NewPremises;
use packtwin_tenants::verifier::premises_key::KeyScope;

use super::keepsake::{Account, Keepsake};
use super::sample::{self, ALDER, BIRCH};
use crate::command::{Failure, sandbox};

const PASS: &str = "demo";
/// Days until the sandbox's API key ends.
const KEY_DAYS: i64 = 365;

pub(super) fn found(
    house: &House,
    hub: &RunningHub,
    authority: &SandboxAuthority,
    keepsake: &mut Keepsake,
) -> Result<(), Failure> {
    let mut people = People { house, keepsake };
    let alder = people.tenant(
        "Alder Pharma",
        "alder",
        &[
            Role::SerializationManager,
            Role::QualifiedPerson,
            Role::ComplianceManager,
            Role::Operator,
            Role::Integrator,
            Role::Administrator,
        ],
    )?;
    let birch = people.tenant(
        "Birch Packaging",
        "birch",
        &[
            Role::PackagingSpecialist,
            Role::SerializationManager,
            Role::Administrator,
        ],
    )?;
    people.tenant(
        "Cedar Pharmacies",
        "cedar",
        &[Role::Administrator, Role::ComplianceManager],
    )?;
    keepsake.api_key = api_key(house, alder)?;
    for (tenant, name) in [(alder, "alder"), (birch, "birch")] {
        let now = house.now();
        let identity = authority.client(name, now.plus_days(-1), now.plus_days(300))?;
        let desk = sandbox::desk(house, tenant, PASS);
        sandbox::connect_hub(
            &desk,
            &hub.url(),
            &keepsake.trusted_pem,
            &name.to_uppercase(),
            identity,
        )?;
    }
    manufacturer(house, hub, alder)?;
    packager(house, birch)
}

fn manufacturer(house: &House, hub: &RunningHub, tenant: TenantId) -> Result<(), Failure> {
    let names = [
        ("Alderine 10 mg film-coated tablets", "alderine"),
        ("Alderine forte 10 mg film-coated tablets", "alderine"),
        ("Rowanol 10 mg film-coated tablets", "rowanol"),
    ];
    let stage = Stage {
        house,
        desk: sandbox::desk(house, tenant, PASS),
    };
    for (number, (name, common)) in ALDER.into_iter().zip(names) {
        stage.product(number, "Alder Pharma", name, common)?;
    }
    stage.send_out()?;
    let [first, second, third] = ALDER;
    stage.sent_lot(first, "A101", "290630", 4_000)?;
    stage.sent_lot(first, "A102", "290731", 2_500)?;
    stage.sent_lot(second, "B201", "281231", 3_000)?;
    // The hub takes all but every hundredth pack of this one: an incomplete lot with a difference to send.
    hub.set_switches(Switches {
        next: [Fault::RefuseEvery { nth: 100 }].into(),
        ..Switches::default()
    });
    stage.sent_lot(second, "B202", "290131", 1_500)?;
    hub.set_switches(Switches::default());
    stage.stored_lot(third, "C301", "290228", 1_200)?;
    stage.upload_with_findings(first)
}

fn packager(house: &House, tenant: TenantId) -> Result<(), Failure> {
    let stage = Stage {
        house,
        desk: sandbox::desk(house, tenant, PASS),
    };
    let [first, second] = BIRCH;
    stage.product(
        first,
        "Maple Remedies (sandbox)",
        "Maplin 10 mg film-coated tablets",
        "maplin",
    )?;
    stage.product(
        second,
        "Hazel Health (sandbox)",
        "Hazelon 10 mg film-coated tablets",
        "hazelon",
    )?;
    stage.send_out()?;
    stage.sent_lot(first, "M401", "290331", 2_000)?;
    stage.stored_lot(second, "H501", "290430", 1_000)
}

/// One tenant's data in the making.
struct Stage<'h> {
    house: &'h House,
    desk: Desk<'h>,
}

impl Stage<'_> {
    fn product(&self, number: u32, holder: &str, name: &str, common: &str) -> Result<(), Failure> {
        let code = sample::product_code(number)?;
        let data = sandbox::master_data(holder, name, common, &["DE", "AT"])?;
        create_product(&self.desk, code, &data)?;
        send_version(&self.desk, &code, 1)?;
        Ok(())
    }

    fn stored_lot(
        &self,
        number: u32,
        batch: &str,
        expiry: &str,
        packs: u64,
    ) -> Result<(), Failure> {
        let code = sample::product_code(number)?;
        let text = sample::file(&code, batch, expiry, packs);
        let upload = self.receive(&format!("{batch}.csv"), &text)?;
        request_commit(&self.desk, upload, Vec::new())?;
        sandbox::work(self.house)?;
        self.produced(&code, &batch_number(batch)?, packs)
    }

    fn sent_lot(&self, number: u32, batch: &str, expiry: &str, packs: u64) -> Result<(), Failure> {
        self.stored_lot(number, batch, expiry, packs)?;
        let code = sample::product_code(number)?;
        request_send(&self.desk, &code, &batch_number(batch)?, SendWhat::Unsent)?;
        sandbox::work(self.house)?;
        self.send_out()
    }

    fn upload_with_findings(&self, number: u32) -> Result<(), Failure> {
        let code = sample::product_code(number)?;
        // Another lot than that of the sample, which is still to be uploaded.
        let text = sample::with_findings(&code).replace("A104FINDINGS", "A105FINDINGS");
        self.receive("A105 with findings.csv", &text).map(drop)
    }

    fn receive(&self, name: &str, text: &str) -> Result<packtwin_core::ids::UploadId, Failure> {
        let upload = sandbox::receive(&self.desk, name, text.len() as u64, &mut text.as_bytes())?;
        sandbox::work(self.house)?;
        Ok(upload)
    }

    fn produced(&self, code: &ProductCode, batch: &BatchNumber, packs: u64) -> Result<(), Failure> {
        let lot = self
            .desk
            .scope()
            .read(|reader| lot_of(reader, code, batch))?
            .1;
        Ok(enter_produced(
            &self.desk,
            code,
            batch,
            Some(packs),
            lot.row_version,
        )?)
    }

    /// Sends what is due; the simulator answers at once.
    fn send_out(&self) -> Result<(), Failure> {
        while dispatch(self.house)?.worked > 0 {}
        Ok(())
    }
}

fn batch_number(text: &str) -> Result<BatchNumber, Failure> {
    BatchNumber::parse(text).map_err(|error| Failure::found(error.to_string()))
}

/// A pharmacy of Cedar Pharmacies that may verify and change packs; answers its key.
pub(super) fn pharmacy(store: &VerifierStore, now: Timestamp) -> Result<String, Failure> {
    let organisation = store.organisation_create("Cedar Pharmacies", now)?;
    let new = NewPremises {
        organisation,
        name: "Cedar Pharmacy at the market",
        address: "Market 1, 10115 Berlin",
        role: Actor::Pharmacy,
        market: "DE"
            .parse()
            .map_err(|_| Failure::found("DE is no market"))?,
    };
    let premises = store.premises_create(&new, now)?;
    let (_, key) = store.premises_key_create(premises, "demo", KeyScope::Change, None, now)?;
    Ok(key.expose_text().unwrap_or_default().to_owned())
}

fn api_key(house: &House, tenant: TenantId) -> Result<String, Failure> {
    let now = house.now();
    let scopes: Vec<Permission> = Permission::ALL
        .into_iter()
        .filter(|permission| *permission != Permission::Administer)
        .collect();
    let new = NewApiKey {
        name: "Demo key",
        scopes: &scopes,
        expires_at: Some(now.plus_days(KEY_DAYS)),
    };
    let scope = house.site().system_scope(tenant, PASS);
    let (_, key) = scope.change::<_, StoreError>(now, |writer| writer.api_key_create(new))?;
    key.expose_text()
        .map(str::to_owned)
        .ok_or_else(|| Failure::found("the new API key is no text"))
}

/// Tenants and their people, remembered for the sign-in page.
struct People<'a> {
    house: &'a House,
    keepsake: &'a mut Keepsake,
}

impl People<'_> {
    fn tenant(
        &mut self,
        name: &str,
        short_name: &str,
        roles: &[Role],
    ) -> Result<TenantId, Failure> {
        let site = self.house.site();
        let tenant = site.tenant_create(name, short_name, "Europe/Berlin", self.house.now())?;
        for &role in roles {
            let word = role.as_str();
            let title = title_of(role);
            let login = format!("{word}.{}@{short_name}.example", random_text(1, 5)?);
            let password = random_text(4, 5)?;
            self.person(tenant, name, &login, &title, &password, role)?;
            self.keepsake.accounts.push(Account {
                tenant: name.to_owned(),
                login,
                password,
                role: title,
            });
        }
        Ok(tenant)
    }

    fn person(
        &self,
        tenant: TenantId,
        tenant_name: &str,
        login: &str,
        title: &str,
        password: &str,
        role: Role,
    ) -> Result<(), Failure> {
        let owner = PasswordOwner {
            login,
            name: title,
            tenant: tenant_name,
        };
        let password = NewPassword::check(password, owner, None)?
            .map_err(|refusals| Failure::found(refusals.to_string()))?
            .hash()?;
        let new = NewUser {
            login,
            name: title,
            language: "en",
            roles: &[role],
            password,
        };
        let scope = self.house.site().system_scope(tenant, PASS);
        scope.change::<_, StoreError>(self.house.now(), |writer| writer.user_create(new))?;
        Ok(())
    }
}

/// `serialization_manager` as `Serialization manager`: an account of a sandbox is named by its work.
fn title_of(role: Role) -> String {
    let words = role.as_str().replace('_', " ");
    let (first, rest) = words.split_at(1);
    format!("{}{rest}", first.to_uppercase())
}

/// Groups of random characters without those that are easily mistaken; five bits each.
fn random_text(groups: usize, characters: usize) -> Result<String, Failure> {
    const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let mut bits = random::bits()?;
    let mut text = String::new();
    for group in 0..groups {
        if group > 0 {
            text.push('-');
        }
        for _ in 0..characters {
            text.push(char::from(ALPHABET[(bits & 31) as usize]));
            bits >>= 5;
        }
    }
    Ok(text)
}
