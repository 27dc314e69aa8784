//! The tables as diesel knows them: one description for both engines.
//!
//! Kept equal to the migrations by a test that asks each engine for its columns (`engine::tests`).

diesel::table! {
    site (site_id) {
        site_id -> Integer,
        environment -> Text,
        key_fingerprint -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    tenant (tenant_id) {
        tenant_id -> Integer,
        name -> Text,
        short_name -> Text,
        time_zone -> Text,
        state -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    directory (kind, handle) {
        kind -> Text,
        handle -> Text,
        tenant_id -> Integer,
        object_id -> Text,
    }
}

diesel::table! {
    throttle (subject) {
        subject -> Text,
        failures -> Integer,
        last_at -> BigInt,
        blocked_until -> BigInt,
    }
}

diesel::table! {
    tenant_head (tenant_id) {
        tenant_id -> Integer,
        audit_seq -> BigInt,
        audit_hash -> Binary,
        last_product -> Integer,
        last_fact -> BigInt,
    }
}

diesel::table! {
    audit_entry (tenant_id, seq) {
        tenant_id -> Integer,
        seq -> BigInt,
        at -> BigInt,
        actor -> Text,
        action -> Text,
        object -> Text,
        detail -> Text,
        reason -> Text,
        correlation -> Text,
        hash -> Binary,
    }
}

diesel::table! {
    user_account (tenant_id, user_id) {
        tenant_id -> Integer,
        user_id -> Text,
        login -> Text,
        name -> Text,
        password_hash -> Text,
        password_set_at -> BigInt,
        state -> Text,
        language -> Text,
        created_at -> BigInt,
        last_sign_in_at -> Nullable<BigInt>,
        row_version -> Integer,
    }
}

diesel::table! {
    user_role (tenant_id, user_id, role) {
        tenant_id -> Integer,
        user_id -> Text,
        role -> Text,
    }
}

diesel::table! {
    own_role (tenant_id, role) {
        tenant_id -> Integer,
        role -> Text,
        title -> Text,
        permissions -> Text,
        created_by -> Text,
        created_at -> BigInt,
        row_version -> Integer,
    }
}

diesel::table! {
    user_own_role (tenant_id, user_id, role) {
        tenant_id -> Integer,
        user_id -> Text,
        role -> Text,
    }
}

diesel::table! {
    session (tenant_id, session_id) {
        tenant_id -> Integer,
        session_id -> Text,
        user_id -> Text,
        created_at -> BigInt,
        last_seen_at -> BigInt,
        expires_at -> BigInt,
        revoked_at -> Nullable<BigInt>,
        client -> Text,
    }
}

diesel::table! {
    api_key (tenant_id, key_id) {
        tenant_id -> Integer,
        key_id -> Text,
        name -> Text,
        prefix -> Text,
        secret_hash -> Binary,
        scopes -> Text,
        created_by -> Text,
        created_at -> BigInt,
        expires_at -> Nullable<BigInt>,
        last_used_at -> Nullable<BigInt>,
        revoked_at -> Nullable<BigInt>,
        row_version -> Integer,
    }
}

diesel::table! {
    idempotency (tenant_id, actor, handle) {
        tenant_id -> Integer,
        actor -> Text,
        handle -> Text,
        request_hash -> Binary,
        status -> Integer,
        headers -> Text,
        body -> Binary,
        created_at -> BigInt,
    }
}

diesel::table! {
    product (tenant_id, product_no) {
        tenant_id -> Integer,
        product_no -> Integer,
        code -> Text,
        scheme -> Text,
        identity -> Text,
        latest_version -> Integer,
        last_lot -> Integer,
        last_load -> Integer,
        created_at -> BigInt,
    }
}

diesel::table! {
    product_version (tenant_id, product_no, version) {
        tenant_id -> Integer,
        product_no -> Integer,
        version -> Integer,
        name -> Text,
        markets -> Text,
        state -> Text,
        data -> Text,
        created_at -> BigInt,
        created_by -> Text,
        changed_at -> BigInt,
        message_id -> Nullable<Text>,
        acknowledged_at -> Nullable<BigInt>,
        hub_copy -> Nullable<Text>,
        hub_copy_at -> Nullable<BigInt>,
        row_version -> Integer,
    }
}

diesel::table! {
    product_withdrawal (tenant_id, product_no, market) {
        tenant_id -> Integer,
        product_no -> Integer,
        market -> Text,
        at -> BigInt,
        reason -> Text,
        message_id -> Nullable<Text>,
    }
}

diesel::table! {
    mapping (tenant_id, mapping_id) {
        tenant_id -> Integer,
        mapping_id -> Text,
        partner -> Text,
        name -> Text,
        data -> Text,
        created_at -> BigInt,
        changed_at -> BigInt,
        row_version -> Integer,
    }
}

diesel::table! {
    upload (tenant_id, upload_id) {
        tenant_id -> Integer,
        upload_id -> Text,
        file_name -> Text,
        partner -> Text,
        bytes_declared -> BigInt,
        bytes_received -> BigInt,
        sha256 -> Nullable<Binary>,
        state -> Text,
        kind -> Text,
        detail -> Text,
        job_id -> Nullable<Text>,
        created_by -> Text,
        created_at -> BigInt,
        changed_at -> BigInt,
        row_version -> Integer,
        purpose -> Text,
    }
}

diesel::table! {
    upload_finding (tenant_id, upload_id, code, severity) {
        tenant_id -> Integer,
        upload_id -> Text,
        code -> Text,
        severity -> Text,
        count -> BigInt,
        proposals -> BigInt,
        examples -> Text,
    }
}

diesel::table! {
    upload_lot (tenant_id, upload_id, lot_index) {
        tenant_id -> Integer,
        upload_id -> Text,
        lot_index -> Integer,
        product_text -> Text,
        batch_text -> Text,
        expiry_text -> Text,
        product_no -> Nullable<Integer>,
        version -> Nullable<Integer>,
        rows_right -> BigInt,
        rows_wrong -> BigInt,
        blocked_by -> Text,
        load_no -> Nullable<Integer>,
    }
}

diesel::table! {
    lot (tenant_id, product_no, lot_no) {
        tenant_id -> Integer,
        product_no -> Integer,
        lot_no -> Integer,
        batch -> Text,
        expiry -> Text,
        expires_on -> Integer,
        manufactured_on -> Nullable<Integer>,
        version -> Integer,
        produced -> Nullable<BigInt>,
        released_on -> Nullable<Integer>,
        retention_until -> Integer,
        created_at -> BigInt,
        row_version -> Integer,
        stored -> BigInt,
        sent -> BigInt,
        acknowledged -> BigInt,
    }
}

diesel::table! {
    lot_state_count (tenant_id, product_no, lot_no, state) {
        tenant_id -> Integer,
        product_no -> Integer,
        lot_no -> Integer,
        state -> SmallInt,
        packs -> BigInt,
    }
}

diesel::table! {
    lot_recall (tenant_id, product_no, lot_no, market) {
        tenant_id -> Integer,
        product_no -> Integer,
        lot_no -> Integer,
        market -> Text,
        at -> BigInt,
        reason -> Text,
        message_id -> Nullable<Text>,
    }
}

diesel::table! {
    load (tenant_id, product_no, load_no) {
        tenant_id -> Integer,
        product_no -> Integer,
        load_no -> Integer,
        lot_no -> Integer,
        upload_id -> Text,
        state -> Text,
        packs -> BigInt,
        list_sha256 -> Nullable<Binary>,
        created_at -> BigInt,
        visible_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    pack (tenant_id, product_no, serial) {
        tenant_id -> Integer,
        product_no -> Integer,
        serial -> Text,
        load_no -> Integer,
        state -> SmallInt,
    }
}

diesel::table! {
    fact (tenant_id, fact_no) {
        tenant_id -> Integer,
        fact_no -> BigInt,
        kind -> Text,
        product_no -> Integer,
        lot_no -> Nullable<Integer>,
        load_no -> Nullable<Integer>,
        at -> BigInt,
        recorded_at -> BigInt,
        actor -> Text,
        detail -> Text,
    }
}

diesel::table! {
    pack_fact (tenant_id, product_no, serial, fact_no) {
        tenant_id -> Integer,
        product_no -> Integer,
        serial -> Text,
        fact_no -> BigInt,
    }
}

diesel::table! {
    connector (tenant_id, name) {
        tenant_id -> Integer,
        name -> Text,
        state -> Text,
        settings -> Text,
        sealed -> Nullable<Binary>,
        changed_at -> BigInt,
        row_version -> Integer,
    }
}

diesel::table! {
    message (tenant_id, message_id) {
        tenant_id -> Integer,
        message_id -> Text,
        connector -> Text,
        kind -> Text,
        product_no -> Integer,
        lot_no -> Nullable<Integer>,
        version -> Nullable<Integer>,
        packs -> BigInt,
        state -> Text,
        release -> Text,
        document_sha256 -> Nullable<Binary>,
        document_bytes -> BigInt,
        event_at -> BigInt,
        created_at -> BigInt,
        sent_at -> Nullable<BigInt>,
        answered_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    message_content (tenant_id, message_id) {
        tenant_id -> Integer,
        message_id -> Text,
        product_no -> Integer,
        load_no -> Nullable<Integer>,
        first -> BigInt,
        count -> BigInt,
        repeats -> BigInt,
        list_sha256 -> Nullable<Binary>,
        detail -> Text,
    }
}

diesel::table! {
    message_answer (tenant_id, message_id) {
        tenant_id -> Integer,
        message_id -> Text,
        acknowledgement -> Text,
        acknowledged_at -> Nullable<BigInt>,
        acknowledged_packs -> BigInt,
        faults -> Text,
    }
}

diesel::table! {
    message_refused_pack (tenant_id, message_id, serial) {
        tenant_id -> Integer,
        message_id -> Text,
        serial -> Text,
        code -> Text,
        text -> Text,
    }
}

diesel::table! {
    message_attempt (tenant_id, message_id, attempt) {
        tenant_id -> Integer,
        message_id -> Text,
        attempt -> Integer,
        at -> BigInt,
        action -> Text,
        outcome -> Text,
        detail -> Text,
        reply_sha256 -> Nullable<Binary>,
    }
}

diesel::table! {
    outbox (tenant_id, topic, object_id) {
        tenant_id -> Integer,
        topic -> Text,
        object_id -> Text,
        due_at -> BigInt,
        attempts -> Integer,
        lease_until -> BigInt,
        lease_token -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    job (tenant_id, job_id) {
        tenant_id -> Integer,
        job_id -> Text,
        kind -> Text,
        object -> Text,
        input -> Text,
        state -> Text,
        done -> BigInt,
        total -> BigInt,
        unit -> Text,
        created_by -> Text,
        created_at -> BigInt,
        started_at -> Nullable<BigInt>,
        finished_at -> Nullable<BigInt>,
        lease_until -> BigInt,
        lease_token -> Text,
        result -> Text,
    }
}

diesel::table! {
    webhook (tenant_id, webhook_id) {
        tenant_id -> Integer,
        webhook_id -> Text,
        url -> Text,
        events -> Text,
        sealed -> Binary,
        state -> Text,
        created_by -> Text,
        created_at -> BigInt,
        row_version -> Integer,
    }
}

diesel::table! {
    webhook_delivery (tenant_id, delivery_id) {
        tenant_id -> Integer,
        delivery_id -> Text,
        webhook_id -> Text,
        event -> Text,
        object -> Text,
        body -> Text,
        state -> Text,
        attempts -> Integer,
        status -> Nullable<Integer>,
        detail -> Text,
        created_at -> BigInt,
        answered_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    aggregation_head (tenant_id) {
        tenant_id -> Integer,
        last_epc -> BigInt,
        last_goods -> Integer,
        last_event -> BigInt,
    }
}

diesel::table! {
    epc (tenant_id, epc_no) {
        tenant_id -> Integer,
        epc_no -> BigInt,
        name -> Text,
    }
}

diesel::table! {
    aggregation_goods (tenant_id, goods_no) {
        tenant_id -> Integer,
        goods_no -> Integer,
        product -> Text,
        batch -> Text,
    }
}

diesel::table! {
    aggregation_fact (tenant_id, at, phase, document, position) {
        tenant_id -> Integer,
        at -> BigInt,
        phase -> SmallInt,
        document -> BigInt,
        position -> BigInt,
        act -> Text,
        holds -> SmallInt,
        written -> Text,
        seen -> Text,
    }
}

diesel::table! {
    aggregation_standing (tenant_id, epc_no, at, phase, document, position) {
        tenant_id -> Integer,
        epc_no -> BigInt,
        at -> BigInt,
        phase -> SmallInt,
        document -> BigInt,
        position -> BigInt,
        parent -> Nullable<BigInt>,
        life -> SmallInt,
        ended -> BigInt,
        body -> Text,
    }
}

diesel::table! {
    aggregation_reader (tenant_id, epc_no, at, phase, document, position) {
        tenant_id -> Integer,
        epc_no -> BigInt,
        at -> BigInt,
        phase -> SmallInt,
        document -> BigInt,
        position -> BigInt,
    }
}

diesel::table! {
    aggregation_placement (tenant_id, parent, child) {
        tenant_id -> Integer,
        parent -> BigInt,
        child -> BigInt,
    }
}

diesel::table! {
    capture (tenant_id, capture_id) {
        tenant_id -> Integer,
        capture_id -> Text,
        sha256 -> Binary,
        bytes -> BigInt,
        behaviour -> Text,
        state -> Text,
        job_id -> Nullable<Text>,
        created_by -> Text,
        created_at -> BigInt,
        finished_at -> Nullable<BigInt>,
        sender -> Text,
        instance -> Text,
        sums -> Text,
    }
}

diesel::table! {
    capture_finding (tenant_id, capture_id, finding_no) {
        tenant_id -> Integer,
        capture_id -> Text,
        finding_no -> BigInt,
        event -> BigInt,
        line -> BigInt,
        code -> Text,
        severity -> SmallInt,
        place -> Text,
        text -> Text,
        proposal -> Nullable<Text>,
    }
}

diesel::table! {
    epcis_event (tenant_id, event_no) {
        tenant_id -> Integer,
        event_no -> BigInt,
        event_id -> Text,
        hash -> Text,
        declares -> SmallInt,
        capture_id -> Nullable<Text>,
        number -> BigInt,
        line -> BigInt,
        at -> BigInt,
        recorded_at -> BigInt,
        kind -> Text,
        document -> BigInt,
        fact_first -> BigInt,
        facts -> BigInt,
        body -> Text,
    }
}

diesel::table! {
    epcis_event_epc (tenant_id, epc_no, event_no, place) {
        tenant_id -> Integer,
        epc_no -> BigInt,
        event_no -> BigInt,
        place -> SmallInt,
    }
}

diesel::table! {
    epcis_event_value (tenant_id, name, value, event_no) {
        tenant_id -> Integer,
        name -> Text,
        value -> Text,
        event_no -> BigInt,
        ordering -> Nullable<BigInt>,
    }
}

diesel::table! {
    epcis_query (tenant_id, name) {
        tenant_id -> Integer,
        name -> Text,
        query -> Text,
        created_by -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    letter (tenant_id, letter_id) {
        tenant_id -> Integer,
        letter_id -> Text,
        kind -> Text,
        language -> Text,
        recipient -> Text,
        occasion -> Text,
        data -> Text,
        state -> Text,
        attempts -> Integer,
        detail -> Text,
        created_at -> BigInt,
        tried_at -> Nullable<BigInt>,
    }
}

diesel::joinable!(directory -> tenant (tenant_id));

diesel::allow_tables_to_appear_in_same_query!(
    site,
    alert,
    alert_state,
    tenant,
    directory,
    throttle,
    tenant_head,
    audit_entry,
    user_account,
    user_role,
    own_role,
    user_own_role,
    session,
    api_key,
    idempotency,
    product,
    product_version,
    product_withdrawal,
    mapping,
    upload,
    upload_finding,
    upload_lot,
    lot,
    lot_state_count,
    lot_recall,
    load,
    pack,
    pack_change,
    fact,
    pack_fact,
    connector,
    message,
    message_content,
    message_answer,
    message_refused_pack,
    message_attempt,
    outbox,
    job,
    webhook,
    webhook_delivery,
    letter,
);

diesel::table! {
    pack_change (tenant_id, product_no, serial, change_no) {
        tenant_id -> Integer,
        product_no -> Integer,
        serial -> Text,
        change_no -> Integer,
        state -> SmallInt,
        at -> BigInt,
        recorded_at -> BigInt,
        site -> Nullable<Binary>,
        repeats -> Integer,
        request_id -> Nullable<Binary>,
    }
}

diesel::table! {
    verification_record (tenant_id, request_id) {
        tenant_id -> Integer,
        request_id -> Binary,
        product_no -> Integer,
        serial -> Text,
        operation -> Text,
        at -> BigInt,
        recorded_at -> BigInt,
        answer -> Text,
    }
}

diesel::table! {
    alert (tenant_id, alert_id) {
        tenant_id -> Integer,
        alert_id -> Text,
        code -> Text,
        outcome -> Text,
        raised_at -> BigInt,
        recorded_at -> BigInt,
        market -> Text,
        product_no -> Integer,
        product_code -> Text,
        serial -> Text,
        batch -> Nullable<Text>,
        operation -> Text,
        pseudonym -> Binary,
        detail -> Text,
    }
}

diesel::table! {
    alert_state (tenant_id, alert_id) {
        tenant_id -> Integer,
        alert_id -> Text,
        state -> Text,
        since -> BigInt,
        deadline -> Nullable<BigInt>,
        row_version -> Integer,
    }
}

diesel::table! {
    alert_decision (tenant_id, alert_id, decision_no) {
        tenant_id -> Integer,
        alert_id -> Text,
        decision_no -> Integer,
        at -> BigInt,
        actor -> Text,
        party -> Text,
        state -> Text,
        cause -> Nullable<Text>,
        comment -> Text,
    }
}
