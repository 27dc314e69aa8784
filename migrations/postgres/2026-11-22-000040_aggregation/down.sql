DROP TABLE aggregation_placement;
DROP TABLE aggregation_reader;
DROP TABLE aggregation_standing;
DROP TABLE aggregation_fact;
DROP TABLE aggregation_goods;
DROP TABLE epc;
DROP TABLE aggregation_head;
