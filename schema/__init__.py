"""How the database is made: Alembic's migrations, the views and triggers as plain SQL, and the generated description.

Belongs here: everything that changes the shape of the database. Does not belong here: the tables as the code sees them
(mam_assets/store/tables.py), running migrations (mam_assets/store/migrations.py).
"""
