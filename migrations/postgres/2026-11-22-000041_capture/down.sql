DROP TABLE epcis_query;
DROP TABLE epcis_event_value;
DROP TABLE epcis_event_epc;
DROP TABLE epcis_event;
DROP TABLE capture_finding;
DROP TABLE capture;
