//! The tables of the verifiers' database that are asked row by row. Requests go through statements over sets.

diesel::table! {
    verifier_site (site_id) {
        site_id -> Integer,
        environment -> Text,
        key_fingerprint -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    organisation (organisation_id) {
        organisation_id -> Text,
        name -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    premises (premises_id) {
        premises_id -> Text,
        organisation_id -> Text,
        name -> Text,
        address -> Text,
        role -> Text,
        market -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    premises_key (key_id) {
        key_id -> Text,
        premises_id -> Text,
        name -> Text,
        secret_hash -> Binary,
        scope -> Text,
        created_at -> BigInt,
        expires_at -> Nullable<BigInt>,
        revoked_at -> Nullable<BigInt>,
    }
}
