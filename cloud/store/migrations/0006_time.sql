-- A bill run asks for the words of gateways about their clocks (docs/formats/time.md), and for closings whose clock was
-- not known to be right: they count only at the instant their true time is near.
CREATE INDEX edge_event_time ON edge_event (site_no, log_no) WHERE kind = 'time_record';
CREATE INDEX closing_unsure ON closing (site_no, round_at_ms) WHERE trust < 2;
