#include "catalog_contents.h"

namespace dataflow::postgres {
namespace {

constexpr std::string_view kContents = R"sql(
insert into infos.information_schema_catalog_name select current_database();
insert into infos.enabled_roles select own_user();
insert into infos.schemata by name select current_database() as catalog_name,
  nspname as schema_name,
  own_user() as schema_owner from pg_namespace;
insert into infos.tables by name
  select current_database() as table_catalog, 'public' as table_schema, name as table_name,
    if(kind = 'v', 'VIEW', 'BASE TABLE') as table_type,
    if(kind = 'v', 'NO', 'YES') as is_insertable_into, 'NO' as is_typed
  from own.relations where kind in ('r', 'v')
  union all by name select current_database() as table_catalog, namespace as table_schema,
    name as table_name, if(kind = 'v', 'VIEW', 'BASE TABLE') as table_type,
    'NO' as is_insertable_into, 'NO' as is_typed from own.system;
insert into infos.views by name select current_database() as table_catalog,
  'public' as table_schema, name as table_name, definition as view_definition,
  'NONE' as check_option, 'NO' as is_updatable, 'NO' as is_insertable_into,
  'NO' as is_trigger_updatable, 'NO' as is_trigger_deletable,
  'NO' as is_trigger_insertable_into from own.relations where kind = 'v';
insert into infos.columns by name
  select current_database() as table_catalog, 'public' as table_schema, r.name as table_name,
    c.name as column_name, c.number as ordinal_position, if(c.required, 'NO', 'YES') as is_nullable,
    case when t.typcategory = 'A' then 'ARRAY' else format_type(c.type_oid, null) end as data_type,
    if(c.type_oid in (25, 1043), 1073741824, null) as character_octet_length,
    case c.type_oid when 21 then 16 when 23 then 32 when 20 then 64 when 700 then 24 when
      701 then 53
      when 1700 then (c.modifier - 4) >> 16 end as numeric_precision,
    case when c.type_oid in (21, 23, 20, 700, 701) then 2 when c.type_oid = 1700 then 10 end
      as numeric_precision_radix,
    case when c.type_oid in (21, 23, 20) then 0 when c.type_oid = 1700
      then (c.modifier - 4) & 65535 end as numeric_scale,
    case when c.type_oid = 1082 then 0 when c.type_oid in (1083, 1114, 1184) then c.modifier
      when c.type_oid = 1186 then 6 end as datetime_precision,
    current_database() as udt_catalog, 'pg_catalog' as udt_schema, t.typname as udt_name,
    c.number::varchar as dtd_identifier, 'NO' as is_self_referencing, 'NO' as is_identity,
    'NO' as identity_cycle, 'NEVER' as is_generated, if(r.kind = 'v', 'NO', 'YES') as is_updatable
  from own.columns c join own.relations r on r.oid = c.relation and r.kind in ('r', 'v')
    join pg_type t on t.oid = c.type_oid
  order by r.name, c.number;
insert into infos.table_constraints by name
  select current_database() as constraint_catalog, 'public' as constraint_schema,
    k.name as constraint_name, current_database() as table_catalog, 'public' as table_schema,
    relation_name as table_name, 'PRIMARY KEY' as constraint_type, 'NO' as is_deferrable,
    'NO' as initially_deferred, 'YES' as enforced
  from own.keys k join own.relations r on r.oid = k.relation and r.kind = 'r';
insert into infos.key_column_usage by name
  select current_database() as constraint_catalog, 'public' as constraint_schema,
    k.name as constraint_name, current_database() as table_catalog, 'public' as table_schema,
    k.relation_name as table_name, c.name as column_name, c.key_place as ordinal_position
  from own.keys k join own.relations r on r.oid = k.relation and r.kind = 'r'
    join own.columns c on c.relation = k.relation and c.key_place is not null
  order by k.name, c.key_place;
insert into infos.constraint_column_usage by name
  select current_database() as table_catalog, 'public' as table_schema, table_name, column_name,
    constraint_catalog, constraint_schema, constraint_name from infos.key_column_usage;
insert into infos.table_privileges by name
  select own_user() as grantor, own_user() as grantee, table_catalog, table_schema, table_name,
    p as privilege_type, 'YES' as is_grantable, if(p = 'SELECT', 'YES', 'NO') as with_hierarchy
  from infos.tables, unnest(['INSERT', 'SELECT', 'UPDATE', 'DELETE']) u(p)
  where table_schema = 'public';
insert into infos.role_table_grants by name select * from infos.table_privileges;
)sql";

}  // namespace

std::string_view information_contents() { return kContents; }

}  // namespace dataflow::postgres
