//! Uploads: one received file each, from its first byte to its committed lots (users.md 3.5).
//!
//! The same content is the same upload, so the hash of a finished file is unique within the tenant: once for files that are
//! stored, and once for dry runs, which never are. What the check found
//! is in [`super::upload_result`]. Whether an upload's packs were sent and acknowledged is shown from its lots, not here.

use diesel::prelude::*;

use packtwin_core::audit::Hash;
use packtwin_core::ids::{JobId, UploadId};
use packtwin_core::time::Timestamp;

use super::stored::{
    column_count, containing, count, hash_if, known, lower, parsed, parsed_if, random_bits,
};
use crate::blob::Stored;
use crate::error::StoreError;
use crate::schema::upload;
use crate::scope::{Reader, Writer};

/// How far an upload has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UploadState {
    /// Bytes are arriving, or a broken line is awaited.
    Receiving,
    /// Every byte is here.
    Received,
    /// Its kind and columns are known.
    Recognised,
    /// It is being read from end to end.
    Checking,
    /// Read to the end; nothing stands in the way of at least one lot.
    Checked,
    /// Someone must map columns or accept proposals.
    NeedsDecision,
    /// Packs of chosen lots are being stored.
    Committing,
    /// Every lot is stored.
    Committed,
    /// Some lots are stored, others are not.
    PartlyCommitted,
    /// It cannot be read or stored; the detail says why.
    Failed,
    /// Someone gave it up.
    Withdrawn,
}

impl UploadState {
    /// Every state.
    pub const ALL: [UploadState; 11] = [
        UploadState::Receiving,
        UploadState::Received,
        UploadState::Recognised,
        UploadState::Checking,
        UploadState::Checked,
        UploadState::NeedsDecision,
        UploadState::Committing,
        UploadState::Committed,
        UploadState::PartlyCommitted,
        UploadState::Failed,
        UploadState::Withdrawn,
    ];

    /// The word in database and API.
    pub const fn as_str(self) -> &'static str {
        match self {
            UploadState::Receiving => "receiving",
            UploadState::Received => "received",
            UploadState::Recognised => "recognised",
            UploadState::Checking => "checking",
            UploadState::Checked => "checked",
            UploadState::NeedsDecision => "needs_decision",
            UploadState::Committing => "committing",
            UploadState::Committed => "committed",
            UploadState::PartlyCommitted => "partly_committed",
            UploadState::Failed => "failed",
            UploadState::Withdrawn => "withdrawn",
        }
    }

    /// Reads the word of [`UploadState::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        UploadState::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
    }
}

/// What an upload is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum UploadPurpose {
    /// Its correct lots can be stored.
    #[default]
    Store,
    /// It is checked and never stored.
    DryRun,
}

impl UploadPurpose {
    /// The word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            UploadPurpose::Store => "store",
            UploadPurpose::DryRun => "dry_run",
        }
    }

    /// Reads the word of [`UploadPurpose::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [UploadPurpose::Store, UploadPurpose::DryRun]
            .into_iter()
            .find(|purpose| purpose.as_str() == text)
    }
}

/// An upload as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadRecord {
    /// Its public id.
    pub id: UploadId,
    /// The name the sender gave the file.
    pub file_name: String,
    /// Who made the file, as the sender named it; may be empty.
    pub partner: String,
    /// The length the sender announced, in bytes.
    pub bytes_declared: u64,
    /// The bytes that are here.
    pub bytes_received: u64,
    /// The content's hash, once every byte is here.
    pub sha256: Option<Hash>,
    /// How far it has come.
    pub state: UploadState,
    /// The kind of file, recognised by content; empty until then.
    pub kind: String,
    /// JSON of the use case: what was recognised, decided and summed.
    pub detail: String,
    /// The job that works on it, or did last.
    pub job_id: Option<JobId>,
    /// Who began it: a public id.
    pub created_by: String,
    /// When it began.
    pub created_at: Timestamp,
    /// When it changed last.
    pub changed_at: Timestamp,
    /// Counts the changes of state and detail.
    pub row_version: i32,
    /// What it is for.
    pub purpose: UploadPurpose,
}

/// What is known of a file before its first byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUpload<'a> {
    /// The name the sender gave the file.
    pub file_name: &'a str,
    /// Who made the file; may be empty.
    pub partner: &'a str,
    /// The announced length in bytes.
    pub bytes_declared: u64,
    /// JSON of the use case.
    pub detail: &'a str,
    /// What it is for.
    pub purpose: UploadPurpose,
}

/// Which uploads a list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UploadFilter {
    /// In this state.
    pub state: Option<UploadState>,
    /// Of this partner.
    pub partner: Option<String>,
    /// Part of the file name, in any letter case.
    pub text: Option<String>,
}

impl Reader<'_> {
    /// One upload.
    ///
    /// # Errors
    /// The database failed.
    pub fn upload_get(&mut self, id: UploadId) -> Result<Option<UploadRecord>, StoreError> {
        let row: Option<Row> = upload::table
            .filter(upload::tenant_id.eq(self.tenant_id()))
            .filter(upload::upload_id.eq(id.to_string()))
            .select(Row::as_select())
            .first(self.connection)
            .optional()?;
        row.map(UploadRecord::try_from).transpose()
    }

    /// Uploads before a point of the list, the newest first, at most `limit`.
    ///
    /// # Errors
    /// The database failed.
    pub fn upload_list(
        &mut self,
        filter: &UploadFilter,
        before: Option<(Timestamp, UploadId)>,
        limit: i64,
    ) -> Result<Vec<UploadRecord>, StoreError> {
        let mut query = upload::table
            .filter(upload::tenant_id.eq(self.tenant_id()))
            .order((upload::created_at.desc(), upload::upload_id.desc()))
            .limit(limit)
            .select(Row::as_select())
            .into_boxed();
        if let Some(state) = filter.state {
            query = query.filter(upload::state.eq(state.as_str()));
        }
        if let Some(partner) = &filter.partner {
            query = query.filter(upload::partner.eq(partner.clone()));
        }
        if let Some(text) = &filter.text {
            let pattern = containing(text);
            query = query.filter(lower(upload::file_name).like(pattern).escape('\\'));
        }
        if let Some((at, id)) = before {
            query = query.filter(
                upload::created_at.lt(at.micros()).or(upload::created_at
                    .eq(at.micros())
                    .and(upload::upload_id.lt(id.to_string()))),
            );
        }
        let rows: Vec<Row> = query.load(self.connection)?;
        rows.into_iter().map(UploadRecord::try_from).collect()
    }

    /// How many uploads that are to be stored are in each state; states without one are left out.
    ///
    /// # Errors
    /// The database failed.
    pub fn upload_counts(&mut self) -> Result<Vec<(UploadState, u64)>, StoreError> {
        let rows: Vec<(String, i64)> = upload::table
            .filter(upload::tenant_id.eq(self.tenant_id()))
            .filter(upload::purpose.eq(UploadPurpose::Store.as_str()))
            .group_by(upload::state)
            .select((upload::state, diesel::dsl::count_star()))
            .load(self.connection)?;
        rows.into_iter()
            .map(|(state, uploads)| {
                let state = known(UploadState::parse(&state), "upload state")?;
                Ok((state, count(uploads, "upload count")?))
            })
            .collect()
    }

    /// The upload that has this content for this purpose.
    ///
    /// # Errors
    /// The database failed.
    pub fn upload_find_by_hash(
        &mut self,
        sha256: &Hash,
        purpose: UploadPurpose,
    ) -> Result<Option<UploadRecord>, StoreError> {
        let row: Option<Row> = upload::table
            .filter(upload::tenant_id.eq(self.tenant_id()))
            .filter(upload::purpose.eq(purpose.as_str()))
            .filter(upload::sha256.eq(sha256.to_vec()))
            .select(Row::as_select())
            .first(self.connection)
            .optional()?;
        row.map(UploadRecord::try_from).transpose()
    }
}

impl Writer<'_> {
    /// Begins an upload, in the state receiving.
    ///
    /// # Errors
    /// The database failed.
    pub fn upload_create(&mut self, new: &NewUpload<'_>) -> Result<UploadId, StoreError> {
        let id = UploadId::from_random(random_bits()?);
        let at = self.at().micros();
        let created_by = self.actor().who().to_string();
        diesel::insert_into(upload::table)
            .values((
                upload::tenant_id.eq(self.tenant_id()),
                upload::upload_id.eq(id.to_string()),
                upload::file_name.eq(new.file_name),
                upload::partner.eq(new.partner),
                upload::bytes_declared.eq(column_count(new.bytes_declared)),
                upload::bytes_received.eq(0),
                upload::state.eq(UploadState::Receiving.as_str()),
                upload::kind.eq(""),
                upload::detail.eq(new.detail),
                upload::created_by.eq(created_by),
                upload::created_at.eq(at),
                upload::changed_at.eq(at),
                upload::row_version.eq(1),
                upload::purpose.eq(new.purpose.as_str()),
            ))
            .execute(self.connection)?;
        Ok(id)
    }

    /// Records that bytes arrived. `false`: another number of bytes was here, or the upload receives no more.
    ///
    /// # Errors
    /// The database failed.
    pub fn upload_progress(
        &mut self,
        id: UploadId,
        from_bytes: u64,
        to_bytes: u64,
    ) -> Result<bool, StoreError> {
        let changed = diesel::update(upload::table)
            .filter(upload::tenant_id.eq(self.tenant_id()))
            .filter(upload::upload_id.eq(id.to_string()))
            .filter(upload::state.eq(UploadState::Receiving.as_str()))
            .filter(upload::bytes_received.eq(column_count(from_bytes)))
            .set((
                upload::bytes_received.eq(column_count(to_bytes)),
                upload::changed_at.eq(self.at().micros()),
            ))
            .execute(self.connection)?;
        Ok(changed == 1)
    }

    /// Records that every byte is here: the state becomes received. The inner error names the upload that already has
    /// this content for the same purpose; nothing was changed.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the upload does not receive. [`StoreError::Taken`] when the same content was finished
    /// at the same moment; asked again, the inner error names it.
    pub fn upload_finish_receiving(
        &mut self,
        id: UploadId,
        stored: &Stored,
    ) -> Result<Result<(), UploadId>, StoreError> {
        let record = self.upload_get(id)?.ok_or(StoreError::NotFound)?;
        if let Some(same) = self.upload_find_by_hash(&stored.sha256, record.purpose)?
            && same.id != id
        {
            return Ok(Err(same.id));
        }
        let changed = diesel::update(upload::table)
            .filter(upload::tenant_id.eq(self.tenant_id()))
            .filter(upload::upload_id.eq(id.to_string()))
            .filter(upload::state.eq(UploadState::Receiving.as_str()))
            .set((
                upload::state.eq(UploadState::Received.as_str()),
                upload::bytes_received.eq(column_count(stored.bytes)),
                upload::sha256.eq(stored.sha256.to_vec()),
                upload::changed_at.eq(self.at().micros()),
                upload::row_version.eq(upload::row_version + 1),
            ))
            .execute(self.connection)?;
        match changed {
            0 => Err(StoreError::NotFound),
            _ => Ok(Ok(())),
        }
    }

    /// Moves an upload on; detail and job are kept as they are where none is given. `false`: its state is none of `from`.
    ///
    /// # Errors
    /// The database failed.
    pub fn upload_state(
        &mut self,
        id: UploadId,
        from: &[UploadState],
        to: UploadState,
        detail: Option<&str>,
        job: Option<JobId>,
    ) -> Result<bool, StoreError> {
        let from: Vec<&str> = from.iter().map(|state| state.as_str()).collect();
        let changed = diesel::update(upload::table)
            .filter(upload::tenant_id.eq(self.tenant_id()))
            .filter(upload::upload_id.eq(id.to_string()))
            .filter(upload::state.eq_any(from))
            .set((
                upload::state.eq(to.as_str()),
                detail.map(|detail| upload::detail.eq(detail)),
                job.map(|job| upload::job_id.eq(job.to_string())),
                upload::changed_at.eq(self.at().micros()),
                upload::row_version.eq(upload::row_version + 1),
            ))
            .execute(self.connection)?;
        Ok(changed == 1)
    }

    /// Records what kind of file it is and whose. `false`: there is no such upload.
    ///
    /// # Errors
    /// The database failed.
    pub fn upload_kind(
        &mut self,
        id: UploadId,
        kind: &str,
        partner: &str,
    ) -> Result<bool, StoreError> {
        let changed = diesel::update(upload::table)
            .filter(upload::tenant_id.eq(self.tenant_id()))
            .filter(upload::upload_id.eq(id.to_string()))
            .set((
                upload::kind.eq(kind),
                upload::partner.eq(partner),
                upload::changed_at.eq(self.at().micros()),
                upload::row_version.eq(upload::row_version + 1),
            ))
            .execute(self.connection)?;
        Ok(changed == 1)
    }

    /// Replaces the detail of an upload that was read at this row version. `false`: it is another by now.
    ///
    /// # Errors
    /// The database failed.
    pub fn upload_detail(
        &mut self,
        id: UploadId,
        detail: &str,
        expected_row_version: i32,
    ) -> Result<bool, StoreError> {
        let changed = diesel::update(upload::table)
            .filter(upload::tenant_id.eq(self.tenant_id()))
            .filter(upload::upload_id.eq(id.to_string()))
            .filter(upload::row_version.eq(expected_row_version))
            .set((
                upload::detail.eq(detail),
                upload::changed_at.eq(self.at().micros()),
                upload::row_version.eq(upload::row_version + 1),
            ))
            .execute(self.connection)?;
        Ok(changed == 1)
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = upload)]
struct Row {
    upload_id: String,
    file_name: String,
    partner: String,
    bytes_declared: i64,
    bytes_received: i64,
    sha256: Option<Vec<u8>>,
    state: String,
    kind: String,
    detail: String,
    job_id: Option<String>,
    created_by: String,
    created_at: i64,
    changed_at: i64,
    row_version: i32,
    purpose: String,
}

impl TryFrom<Row> for UploadRecord {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(UploadRecord {
            id: parsed(&row.upload_id, "upload id")?,
            file_name: row.file_name,
            partner: row.partner,
            bytes_declared: count(row.bytes_declared, "upload length")?,
            bytes_received: count(row.bytes_received, "upload length")?,
            sha256: hash_if(row.sha256, "upload hash")?,
            state: known(UploadState::parse(&row.state), "upload state")?,
            kind: row.kind,
            detail: row.detail,
            job_id: parsed_if(row.job_id, "job id")?,
            created_by: row.created_by,
            created_at: Timestamp::from_micros(row.created_at),
            changed_at: Timestamp::from_micros(row.changed_at),
            row_version: row.row_version,
            purpose: known(UploadPurpose::parse(&row.purpose), "purpose of an upload")?,
        })
    }
}
