-- A bill run asks for the few events that take readings back (contract/text/doubt_text.hpp);
-- door and silence events must not make that slow.
CREATE INDEX edge_event_doubt ON edge_event (site_no, at_ms)
WHERE kind IN ('unit_clash', 'unit_exchanged', 'time_unsure', 'line_shared', 'unit_cleared');
