//! Drivers of captures, their events, and queries under a name.
//!
//! Methods that make new rows come last.

use packtwin_core::aggregation::NodeId;
use packtwin_core::code::Code;
use packtwin_core::finding::Severity;
use packtwin_core::ids::{CaptureId, JobId, TenantId};
use packtwin_core::time::Timestamp;
use packtwin_tenants::audit::AuditNote;
use packtwin_tenants::blob::Stored;
use packtwin_tenants::error::StoreError;
use packtwin_tenants::store::capture::{CaptureFinding, CaptureState, CaptureSums, ErrorBehaviour};
use packtwin_tenants::store::epcis_event::{EventFilter, NewEvent};
use packtwin_tenants::testing::{TestSite, now};

use crate::{MARKER, drivers};

/// What tenant B has.
pub struct World {
    capture: CaptureId,
}

/// Gives tenant B a capture with a finding, an event and a query.
pub fn plant(site: &TestSite, tenant: TenantId) -> World {
    let all = site.scope_of(tenant).change(now(), |writer| {
        let capture = writer.capture_create(&document(), ErrorBehaviour::Proceed)?;
        writer.capture_findings_add(capture, &[finding(1)])?;
        writer.capture_head(capture, MARKER, MARKER)?;
        writer.epc_number(&["one", MARKER])?;
        writer.epcis_event_store(&[event(Some(capture))])?;
        writer.epcis_query_create(MARKER, MARKER)?;
        let world = World { capture };
        Ok::<_, StoreError>(AuditNote::new("test.planted", MARKER).returning(world))
    });
    all.expect("the rows are new")
}

fn document() -> Stored {
    Stored {
        sha256: [9; 32],
        bytes: 7,
    }
}

fn finding(no: u64) -> CaptureFinding {
    CaptureFinding {
        no,
        event: 1,
        line: 1,
        code: Code::EpcisSpace,
        severity: Severity::Warning,
        place: MARKER.to_owned(),
        text: MARKER.to_owned(),
        proposal: Some(MARKER.to_owned()),
    }
}

fn event(capture: Option<CaptureId>) -> NewEvent {
    NewEvent {
        id: MARKER.to_owned(),
        hash: MARKER.to_owned(),
        declares: false,
        capture,
        number: 1,
        line: 1,
        at: Timestamp::from_micros(5),
        kind: MARKER.to_owned(),
        body: MARKER.to_owned(),
        facts: (1, 0, 2),
        named: vec![(NodeId(2), 0)],
        values: vec![(MARKER.to_owned(), MARKER.to_owned(), Some(7))],
    }
}

fn further() -> CaptureSums {
    CaptureSums {
        events: 1,
        ..CaptureSums::default()
    }
}

drivers! { World;
    capture_get => |w, t| w.capture_get(t.capture).map(|found| found.is_some());
    capture_list => |w, _| w.capture_list(None, None, 10).map(|found| found.len());
    capture_findings => |w, t| w.capture_findings(t.capture, 0, 10).map(|found| found.len());
    epcis_event_list => |w, _| w.epcis_event_list(&EventFilter::default(), 10).map(|found| found.len());
    epcis_event_of_fact => |w, _| w.epcis_event_of_fact(1, 1).map(|found| found.is_some());
    epcis_event_known => |w, _| w.epcis_event_known(&[MARKER], &[MARKER]).map(|found| found.len());
    epcis_event_values => |w, _| w.epcis_event_values(MARKER, "", 10).map(|found| found.len());
    // The events of B told no fact that is kept.
    epcis_event_facts (same) => |w, _| w.epcis_event_facts(MARKER);
    epcis_query_get => |w, _| w.epcis_query_get(MARKER).map(|found| found.is_some());
    epcis_query_list => |w, _| w.epcis_query_list("", 10).map(|found| found.len());
    epcis_query_delete => |w, _| w.epcis_query_delete(MARKER);
    capture_job => |w, t| w.capture_job(t.capture, JobId::from_random(7));
    capture_head => |w, t| w.capture_head(t.capture, "x", "y");
    capture_progress => |w, t| w.capture_progress(t.capture, &CaptureSums::default(), &further());
    capture_finish => |w, t| w.capture_finish(t.capture, CaptureState::Stored);
    capture_findings_add => |w, t| w.capture_findings_add(t.capture, &[finding(2)]).is_ok();
    // New rows get their own names.
    epcis_query_create => |w, _| w.epcis_query_create(MARKER, "{}").is_ok();
    epcis_event_store (same) => |w, _| w.epcis_event_store(&[event(None)]);
    capture_create (same) => |w, _| w.capture_create(&document(), ErrorBehaviour::Rollback).is_ok();
}
