DROP TABLE alert_site;
DROP TABLE typing_count;
DROP TABLE request_record;
DROP TABLE premises_key;
DROP TABLE premises;
DROP TABLE organisation;
DROP TABLE verifier_site;
