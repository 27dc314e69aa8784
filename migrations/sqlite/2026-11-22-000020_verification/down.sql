DROP TABLE alert_decision;
DROP TABLE alert_state;
DROP TABLE alert;
DROP TABLE verification_record;
DROP TABLE pack_change;
