"""Compares owners, grants, triggers, constraints and functions of the database with those that our migrations make."""

import json
from typing import Final, TypeAlias

from console.comparing import Difference, Why
from console.database import Connection
from operations.schema_version import MIGRATIONS, schema_version

FILE: Final = MIGRATIONS / "structure.json"
"""The structure that the migrations make, in the form in which `there` returns it."""

Structure: TypeAlias = dict[str, dict[str, str]]
"""Maps an object's name to the object's parts: each maps the name of a part to the definition of the part."""


async def differences(connection: Connection) -> list[Difference]:
    """Returns each part of the database that differs from the migrations.

    If migrations are missing or unknown, returns only these migrations.
    """
    version = await schema_version(connection)
    if version.pending or version.unknown:
        pending = [Difference("schema_migrations", name, Why.MISSING) for name in version.pending]
        return pending + [Difference("schema_migrations", name, Why.EXTRA) for name in version.unknown]
    made: Structure = json.loads(FILE.read_text(encoding="utf-8"))
    found = await there(connection)
    return [
        Difference(name, part, why)
        for name in sorted(made.keys() | found.keys())
        for part, why in _wrong(made.get(name, {}), found.get(name, {}))
    ]


def _wrong(made: dict[str, str], found: dict[str, str]) -> list[tuple[str, Why]]:
    parts = sorted(part for part in made.keys() | found.keys() if made.get(part) != found.get(part))
    return [
        (part, Why.MISSING if part not in found else Why.EXTRA if part not in made else Why.DIFFERS) for part in parts
    ]


async def there(connection: Connection) -> Structure:
    """Returns the structure of the database."""
    found: Structure = {}
    async with connection.transaction(readonly=True):
        await connection.execute("set local search_path = pg_catalog")  # names are then written with their schemas
        for query in (_TABLES, _FUNCTIONS, _ROLES):
            for name, part, definition in await connection.fetch(query):
                found.setdefault(name, {})[part] = definition
    return found


# Another role that may only read is no fault. A trigger's `tgenabled` is O in most sessions, A in all, D in none.
_TABLES: Final = """
with t as (
    select oid, relname::text as name, relkind, relowner, relacl, relrowsecurity, relforcerowsecurity from pg_class
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'S', 'f')
)
select name, 'owner', pg_get_userbyid(relowner)::text from t
union all select name, 'row security', concat(relrowsecurity, relforcerowsecurity) from t
    where relrowsecurity or relforcerowsecurity
union all select name, 'policy ' || polname, concat_ws(' ', polpermissive, polcmd,
        array(select pg_get_userbyid(role)::text from unnest(polroles) as role order by 1),
        pg_get_expr(polqual, t.oid), pg_get_expr(polwithcheck, t.oid))
    from t join pg_policy on polrelid = t.oid
union all select name, 'view', pg_get_viewdef(oid) from t where relkind in ('v', 'm')
union all select name, 'column ' || attname, concat_ws(' ', format_type(atttypid, atttypmod),
        case when attnotnull then 'not null' end, nullif(attidentity::text, ''), pg_get_expr(adbin, adrelid))
    from t join pg_attribute a on attrelid = t.oid
        left join pg_attrdef d on d.adrelid = t.oid and adnum = attnum
    where attnum > 0 and not attisdropped and relkind <> 'S'
union all select name, 'constraint ' || conname, pg_get_constraintdef(c.oid)
    from t join pg_constraint c on conrelid = t.oid where contype in ('p', 'u', 'f', 'c', 'x')
union all select name, 'unique index ' || i.relname, pg_get_indexdef(indexrelid)
    from t join pg_index on indrelid = t.oid join pg_class i on i.oid = indexrelid
    where indisunique and not exists (select from pg_constraint where conindid = indexrelid)
union all select name, 'trigger ' || tgname, concat(tgenabled, ' ', pg_get_triggerdef(g.oid))
    from t join pg_trigger g on tgrelid = t.oid where not tgisinternal
union all select name, 'foreign keys', string_agg(distinct tgenabled::text, '')
    from t join pg_trigger g on tgrelid = t.oid where tgisinternal group by name
union all select name, 'rule ' || rulename, pg_get_ruledef(r.oid)
    from t join pg_rewrite r on ev_class = t.oid where rulename <> '_RETURN'
union all select name, 'grants to ' || whose, string_agg(distinct privilege_type, ' ' order by privilege_type)
    from (
        select name, case grantee when 0 then 'all' else pg_get_userbyid(grantee)::text end as whose,
            privilege_type || case when is_grantable then '*' else '' end as privilege_type
        from t, aclexplode(relacl) where grantee <> relowner
        union all
        select name, case grantee when 0 then 'all' else pg_get_userbyid(grantee)::text end,
            format('%s(%s)%s', privilege_type, attname, case when is_grantable then '*' else '' end)
        from t join pg_attribute on attrelid = t.oid, aclexplode(attacl) where grantee <> relowner
    ) as granted
    where whose in ('motcua_app', 'motcua_gateway', 'motcua_publisher') or privilege_type not like 'SELECT%'
    group by name, whose
"""
_FUNCTIONS: Final = """
select oid::regprocedure::text, part, definition
from pg_proc, lateral (
    values ('owner', pg_get_userbyid(proowner)::text), ('function', pg_get_functiondef(oid)),
        ('grants', coalesce((
            select string_agg(distinct case grantee when 0 then 'all' else pg_get_userbyid(grantee)::text end, ' ')
            from aclexplode(coalesce(proacl, acldefault('f', proowner))) where grantee <> proowner), ''))
) as parts (part, definition)
where pronamespace = 'public'::regnamespace and prokind <> 'a'
"""
# The application, the door and the publisher are members of no role, and have no right of a superuser.
_ROLES: Final = """
select 'role ' || rolname, part, definition
from pg_roles, lateral (
    values ('member of', coalesce((
        select string_agg(pg_get_userbyid(roleid), ' ' order by 1) from pg_auth_members where member = pg_roles.oid
    ), '')),
    ('rights', concat_ws(' ', case when rolsuper then 'superuser' end, case when rolcreaterole then 'createrole' end,
        case when rolcreatedb then 'createdb' end, case when rolreplication then 'replication' end,
        case when rolbypassrls then 'bypassrls' end))
) as parts (part, definition)
where rolname in ('motcua_app', 'motcua_gateway', 'motcua_publisher')
"""
