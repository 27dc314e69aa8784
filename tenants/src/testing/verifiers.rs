//! The verifiers' side beside a test site: its own database, its own key, logins that may do no more than production's.

use std::path::PathBuf;

use diesel::connection::SimpleConnection;

use packtwin_core::expiry::Expiry;
use packtwin_core::ids::{LotNo, PremisesId, ProductNo, TenantId};
use packtwin_core::product::{Address, Company, MarketEntry, MasterData};
use packtwin_core::product_code::ProductCode;
use packtwin_core::serial::Serial;
use packtwin_core::verification::Actor;

use super::{Database, LOGIN, TestSite, cluster_address, connection_to, now, postgres_to};
use crate::audit::AuditNote;
use crate::engine::{AnyConnection, Engine};
use crate::error::StoreError;
use crate::scope::Writer;
use crate::store::lot::NewLot;
use crate::store::upload::{NewUpload, UploadPurpose};
use crate::verifier::premises::NewPremises;
use crate::verifier::premises_key::KeyScope;
use crate::verifier::{VerifierSettings, VerifierStore};
use crate::verifier_scope::VerifierScope;

/// The login of verification in the repository.
const VERIFIER_LOGIN: &str = "packtwin_test_verifier";
/// The login of the verifiers' own database.
const STORE_LOGIN: &str = "packtwin_test_verifier_store";

/// The verifiers' side of a test site.
pub struct TestVerifiers {
    /// Who asks, and with which keys.
    pub store: VerifierStore,
    /// The repository in the hands of verification.
    pub scope: VerifierScope,
    settings: VerifierSettings,
    owner: Engine,
    _database: Option<Database>,
}

/// Premises with a key.
pub struct TestPremises {
    /// Their id.
    pub id: PremisesId,
    /// The whole key.
    pub key: String,
}

impl TestSite {
    /// Founds a verifiers' side for this site.
    pub fn verifiers(&self) -> TestVerifiers {
        let key = self.folder().join("verifier.key");
        let (engine, owner, repository, database) = match (&self.settings.engine, cluster_address())
        {
            (Engine::Postgres { .. }, Some(cluster)) => {
                let database = Database::create(cluster);
                let owner = Engine::Postgres {
                    url: database.address(None),
                };
                database.with_roles(|| {
                    owner
                        .migrate_verifier()
                        .expect("the migrations run on an empty database");
                    make_logins(&database.cluster);
                });
                let engine = Engine::Postgres {
                    url: database.address(Some(STORE_LOGIN)),
                };
                let repository = self.database.as_ref().map(|of_site| Engine::Postgres {
                    url: of_site.address(Some(VERIFIER_LOGIN)),
                });
                let repository = repository.expect("a site on PostgreSQL has a database");
                (engine, owner, repository, Some(database))
            }
            _ => {
                let engine = sqlite(self.folder().join("verifier.db"));
                engine
                    .migrate_verifier()
                    .expect("the migrations run on an empty file");
                (engine.clone(), engine, self.settings.engine.clone(), None)
            }
        };
        let settings = VerifierSettings {
            engine,
            key,
            environment: self.settings.environment,
            connections: 4,
        };
        TestVerifiers {
            store: VerifierStore::open(&settings, now()).expect("a fresh side opens"),
            scope: self
                .verifier_scope(&repository, 8)
                .expect("the repository opens"),
            settings,
            owner,
            _database: database,
        }
    }

    /// Puts packs of a lot on the market in DE and AT: one visible load.
    pub fn stock(
        &self,
        tenant: TenantId,
        code: &str,
        batch: &str,
        expiry: &str,
        serials: &[&str],
    ) -> (ProductNo, LotNo) {
        let mut serials: Vec<Serial> = serials
            .iter()
            .map(|serial| serial.parse().expect("a test names serials"))
            .collect();
        serials.sort_unstable();
        let code = ProductCode::parse(code).expect("a test names product codes");
        let expiry = Expiry::parse(expiry, 2026).expect("a test names dates");
        let work = |writer: &mut Writer<'_>| {
            let product = match writer.product_find(&code)? {
                Some(product) => product.no,
                None => writer.product_create(&code, &master_data())?,
            };
            let lot = writer.lot_create(&NewLot {
                product,
                batch: batch.parse().expect("a test names batches"),
                expiry,
                manufactured: None,
                version: 1,
                produced: None,
                released_on: None,
                retention_until: expiry.last_day(),
            })?;
            let upload = writer.upload_create(&NewUpload {
                file_name: "packs.csv",
                partner: "",
                bytes_declared: 1,
                detail: "{}",
                purpose: UploadPurpose::Store,
            })?;
            let load = writer.load_create(product, lot, upload)?;
            let packs: Vec<_> = serials.iter().map(|serial| (*serial, load)).collect();
            writer.pack_store_chunk(product, &packs)?;
            writer.load_publish(product, load, packs.len() as u64, &[0; 32])?;
            let note = AuditNote::new("upload.commit_asked", "packs");
            Ok::<_, StoreError>(note.returning((product, lot)))
        };
        self.scope_of(tenant)
            .change(now(), work)
            .expect("the packs are new")
    }
}

impl TestVerifiers {
    /// Opens the verifiers' side again, as a restart does.
    pub fn reopened(&self) -> VerifierStore {
        VerifierStore::open(&self.settings, now()).expect("the key is the one it was founded with")
    }

    /// How the verifiers' side was opened.
    pub fn settings(&self) -> &VerifierSettings {
        &self.settings
    }

    /// A connection of the tables' owner.
    pub fn owner_connection(&self) -> AnyConnection {
        connection_to(&self.owner)
    }

    /// A pharmacy in Germany with a key that may do everything.
    pub fn pharmacy(&self, name: &str) -> TestPremises {
        self.premises(name, Actor::Pharmacy, "DE", KeyScope::Change)
    }

    /// Premises with a key.
    pub fn premises(&self, name: &str, role: Actor, market: &str, scope: KeyScope) -> TestPremises {
        let store = &self.store;
        let organisation = store
            .organisation_create(&format!("{name} organisation"), now())
            .expect("an organisation is added");
        let new = NewPremises {
            organisation,
            name,
            address: &format!("{name} Street 1"),
            role,
            market: market.parse().expect("a test names markets"),
        };
        let id = store
            .premises_create(&new, now())
            .expect("premises are added");
        let (_, key) = store
            .premises_key_create(id, "till", scope, None, now())
            .expect("a key is made");
        let key = key.expose_text().expect("a key is text").to_owned();
        TestPremises { id, key }
    }
}

fn sqlite(path: PathBuf) -> Engine {
    Engine::Sqlite {
        path: path.display().to_string(),
    }
}

fn make_logins(cluster: &str) {
    for (login, role) in [
        (VERIFIER_LOGIN, "packtwin_verifier"),
        (STORE_LOGIN, "packtwin_verifier_store"),
    ] {
        debug_assert_ne!(login, LOGIN);
        postgres_to(cluster)
            .batch_execute(&format!(
                "DO $$ BEGIN
                     IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{login}') THEN
                         CREATE ROLE {login} LOGIN NOBYPASSRLS IN ROLE {role};
                     END IF;
                 END $$"
            ))
            .expect("the owner makes roles");
    }
}

fn master_data() -> MasterData {
    let company = |name: &str| Company {
        id: Some("LOC-1".to_owned()),
        name: name.to_owned(),
        address: Address {
            city: Some("Berlin".to_owned()),
            ..Address::default()
        },
    };
    let market = |market: &str| MarketEntry {
        market: market.parse().expect("the market has two letters"),
        national_code: None,
        holder: company("Test Holder"),
        wholesalers: Vec::new(),
    };
    MasterData {
        name: "Testazol 20 mg tablets".to_owned(),
        common_name: Some("testazole".to_owned()),
        form: "tablet".to_owned(),
        strength: "20 mg".to_owned(),
        pack_type: "box".to_owned(),
        pack_size: 28,
        atc_codes: Vec::new(),
        manufacturer: company("Test Works"),
        markets: vec![market("DE"), market("AT")],
    }
}
