-- Makes possible: a webhook is told the events of one object in their order, without looking through all it was told.
CREATE INDEX webhook_delivery_of_object ON webhook_delivery (tenant_id, webhook_id, object, created_at);
