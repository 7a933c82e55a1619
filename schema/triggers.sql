-- What the database itself refuses, whoever asks.

CREATE FUNCTION refuse_removal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING
        ERRCODE = 'restrict_violation',
        MESSAGE = format('%s is permanent: %s is refused', TG_TABLE_NAME, TG_OP),
        HINT = 'Rows of this table are kept for ever. A repeated failure adds to attempt_count of its row.';
END
$$;

CREATE TRIGGER failed_attempts_are_permanent
    BEFORE DELETE OR TRUNCATE ON failed_attempts
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_removal();

-- The same moves as LEGAL_MOVES in mam_assets/domain/lifecycle.py; a test compares them.
CREATE FUNCTION refuse_illegal_download_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.status, NEW.status) IN (
        ('queued', 'downloading'),
        ('queued', 'failed'),
        ('queued', 'completed'),
        ('downloading', 'completed'),
        ('downloading', 'failed'),
        ('failed', 'queued'),
        ('failed', 'abandoned'),
        ('abandoned', 'queued')
    ) THEN
        RETURN NEW;
    END IF;
    IF OLD.status = 'completed' AND NEW.status = 'failed' AND NEW.abs_import_status = 'import_failed' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION USING
        ERRCODE = 'check_violation',
        CONSTRAINT = 'downloads_move_legally',
        MESSAGE = format('download %s cannot go from %s to %s', OLD.id, OLD.status, NEW.status),
        HINT = 'A completed download fails only when its import found it damaged (abs_import_status import_failed).';
END
$$;

CREATE TRIGGER downloads_move_legally
    BEFORE UPDATE OF status ON downloads
    FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status)
    EXECUTE FUNCTION refuse_illegal_download_move();
