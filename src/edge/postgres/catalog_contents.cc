#include "catalog_contents.h"

#include <array>

namespace dataflow::postgres {
namespace {

constexpr std::string_view kSchemas = R"sql(
create schema pgc;
create schema infos;
create schema own;
set search_path = 'pgc';
set TimeZone = 'UTC';
create type pgc.pg_oid as uinteger;
create type pgc.pg_name as varchar;
create type pgc.pg_char as varchar;
create type pgc.pg_int2vector as usmallint[];
create macro pgc.quote_ident(s) as case when regexp_full_match(s, '[a-z_][a-z0-9_$]*') then s
  else '"' || replace(s, '"', '""') || '"' end;
create table own.system(oid bigint, name varchar, kind varchar, namespace varchar);
create table own.settings(name varchar, setting varchar);
create table own.types(oid bigint, name varchar, length smallint, category varchar,
  array_oid bigint, kind varchar, element bigint, functions varchar, shown varchar);
)sql";

constexpr std::string_view kFacts = R"sql(
create or replace table own.relations(oid bigint, name varchar, kind varchar, columns smallint,
  definition varchar, comment varchar, type_oid bigint, array_oid bigint, index_oid bigint,
  constraint_oid bigint);
create or replace table own.columns(relation bigint, number smallint, name varchar, type_oid bigint,
  modifier integer, required boolean, key_place smallint, comment varchar);
create or replace table own.keys(constraint_oid bigint, index_oid bigint, relation bigint,
  relation_name varchar, name varchar, numbers smallint[], names varchar[], shown varchar,
  definition varchar);
create or replace view own.l_type as
  select oid as l_oid, name as l_name, shown as l_shown from own.types
  union all select array_oid, '_' || name, shown || '[]' from own.types where array_oid <> 0
  union all select type_oid, name, pgc.quote_ident(name) from own.relations
  union all select array_oid, '_' || name, pgc.quote_ident(name) || '[]' from own.relations;
create or replace view own.l_class as select oid as l_oid, relname as l_name from pgc.pg_class;
create or replace view own.l_relation as
  select oid as l_oid, definition as l_definition from own.relations;
create or replace view own.l_key as select constraint_oid as l_constraint, index_oid as l_index,
  shown as l_shown, definition as l_definition, names as l_names from own.keys;
create or replace view own.l_comment as select objoid as l_object, classoid as l_catalog,
  objsubid as l_part, description as l_text from pgc.pg_description;
create or replace view own.l_role as select oid as l_oid, rolname as l_name from pgc.pg_roles;
create or replace view own.l_namespace as
  select oid as l_oid, nspname as l_name from pgc.pg_namespace;
)sql";

// Roles are one, and it may do everything. :user and :database are put in.
constexpr std::string_view kConstants = R"sql(
insert into pg_namespace by name select * from (values (11, 'pg_catalog', 10), (2200, 'public', 10),
  (13000, 'information_schema', 10)) n(oid, nspname, nspowner);
insert into pg_roles by name select 10 as oid, :user as rolname, true as rolsuper,
  true as rolinherit, true as rolcreaterole, true as rolcreatedb, true as rolcanlogin,
    false as rolreplication,
  -1 as rolconnlimit, '********' as rolpassword, true as rolbypassrls;
insert into pg_user by name select :user as usename, 10 as usesysid, true as usecreatedb,
  true as usesuper, false as userepl, true as usebypassrls, '********' as passwd;
insert into pg_shadow by name select * from pg_user;
insert into pg_database by name select 16383 as oid, :database as datname, 10 as datdba,
  6 as encoding, 'c' as datlocprovider, false as datistemplate, true as datallowconn,
    -1 as datconnlimit,
  0 as datfrozenxid, 1 as datminmxid, 1663 as dattablespace, 'C.UTF-8' as datcollate,
  'C.UTF-8' as datctype;
insert into pg_tablespace by name select * from (values (1663, 'pg_default', 10),
  (1664, 'pg_global', 10)) t(oid, spcname, spcowner);
insert into pg_am by name select * from (values (2, 'heap', 'heap_tableam_handler', 't'),
  (403, 'btree', 'bthandler', 'i')) a(oid, amname, amhandler, amtype);
insert into pg_collation by name select oid, collname, 11 as collnamespace, 10 as collowner,
  provider as collprovider, true as collisdeterministic, -1 as collencoding
  from (values (100, 'default', 'd'), (950, 'C', 'c'), (951, 'POSIX', 'c'))
    c(oid, collname, provider);
insert into pg_range by name select * from (values (3904, 23), (3906, 1700), (3908, 1114),
  (3910, 1184), (3912, 1082), (3926, 20)) r(rngtypid, rngsubtype);
insert into pg_language by name select * from (values (14, 'sql', 10, true, 0)) l(oid, lanname,
  lanowner, lanpltrusted, lanplcallfoid);
insert into pg_proc by name select 2400 as oid, 'array_recv' as proname, 11 as pronamespace,
  10 as proowner, 12 as prolang, 'f' as prokind, 's' as provolatile, 's' as proparallel,
  3 as pronargs, 2277 as prorettype;
insert into pg_timezone_names by name select 'UTC' as name, 'UTC' as abbrev,
  '00:00:00' as utc_offset, false as is_dst;
insert into pg_settings by name
  select name, setting, setting as boot_val, setting as reset_val, 'default' as source,
    'user' as context, case when setting in ('on', 'off') then 'bool'
      when try_cast(setting as bigint) is not null then 'integer' else 'string' end as vartype,
    false as pending_restart
  from own.settings;
)sql";

constexpr std::string_view kChanging = R"sql(
insert into own.keys select constraint_oid, index_oid, r.oid, r.name, r.name || '_pkey',
    list(c.number order by c.key_place), list(c.name order by c.key_place),
    'PRIMARY KEY (' || string_agg(quote_ident(c.name), ', ' order by c.key_place) || ')',
    'CREATE UNIQUE INDEX ' || quote_ident(r.name || '_pkey') || ' ON public.' || quote_ident(r.name)
      || ' USING btree (' || string_agg(quote_ident(c.name), ', ' order by c.key_place) || ')'
  from own.relations r join own.columns c on c.relation = r.oid and c.key_place is not null
  group by constraint_oid, index_oid, r.oid, r.name;
insert into pg_class by name
  select oid, name as relname, space as relnamespace, type_oid as reltype, 0 as reloftype,
    10 as relowner, case kind when 'v' then 0 when 'i' then 403 else 2 end as relam,
    case kind when 'v' then 0 else oid end as relfilenode, 0 as reltablespace, 0 as relpages,
    case kind when 'i' then 0 else -1 end as reltuples, 0 as relallvisible, 0 as reltoastrelid,
    keyed as relhasindex, false as relisshared, 'p' as relpersistence, kind as relkind,
    columns as relnatts, 0 as relchecks, kind in ('v', 'm') as relhasrules, false as relhastriggers,
    false as relhassubclass, false as relrowsecurity, false as relforcerowsecurity,
    true as relispopulated, case when kind in ('r', 'm') then 'd' else 'n' end as relreplident,
    false as relispartition, 0 as relrewrite, 0 as relfrozenxid, 0 as relminmxid
  from (
    select oid, name, 2200 as space, type_oid, kind, columns, index_oid is not null as keyed
      from own.relations
    union all select index_oid, name, 2200, 0, 'i', len(numbers), false from own.keys
    union all select oid, name, if(namespace = 'pg_catalog', 11, 13000), 0, kind, 0, false
      from own.system) r;
insert into pg_type by name
  select oid, name as typname, 11 as typnamespace, 10 as typowner, length as typlen,
    length in (1, 2, 4, 8) as typbyval, kind as typtype, category as typcategory,
    oid in (16, 25, 26, 701, 1184, 1186, 1562, 869) as typispreferred, true as typisdefined,
    if(oid = 603, ';', ',') as typdelim, 0 as typrelid, '-' as typsubscript, element as typelem,
    array_oid as typarray, functions || 'in' as typinput, functions || 'out' as typoutput,
    functions || 'recv' as typreceive, functions || 'send' as typsend, '-' as typmodin,
    '-' as typmodout, '-' as typanalyze,
    case length when 1 then 'c' when 2 then 's' when 8 then 'd' when 16 then 'd' else 'i' end
      as typalign,
    case when length > 0 then 'p' when oid in (1700, 650, 869) then 'm' else 'x' end as typstorage,
    false as typnotnull, 0 as typbasetype, -1 as typtypmod, 0 as typndims,
    case when oid in (25, 1042, 1043) then 100 when oid = 19 then 950 else 0 end as typcollation
  from own.types;
insert into pg_type by name
  select * exclude (space, relation, element), space as typnamespace, relation as typrelid,
    element as typelem, 10 as typowner, -1 as typlen, false as typbyval, false as typispreferred,
    true as typisdefined, ',' as typdelim, '-' as typmodin, '-' as typmodout, '-' as typanalyze,
    'd' as typalign, 'x' as typstorage, false as typnotnull, 0 as typbasetype, -1 as typtypmod,
    0 as typndims, 0 as typcollation
  from (
    select array_oid as oid, '_' || name as typname, 11 as space, 'b' as typtype, 'A'
      as typcategory, oid as element, 0 as typarray, 0 as relation,
        'array_subscript_handler' as typsubscript,
      'array_in' as typinput, 'array_out' as typoutput, 'array_recv' as typreceive,
      'array_send' as typsend from own.types where array_oid <> 0
    union all select array_oid, '_' || name, 2200, 'b', 'A', type_oid, 0, 0,
      'array_subscript_handler', 'array_in', 'array_out', 'array_recv', 'array_send'
      from own.relations
    union all select type_oid, name, 2200, 'c', 'C', 0, array_oid, oid, '-', 'record_in',
      'record_out', 'record_recv', 'record_send' from own.relations);
insert into pg_attribute by name
  select relation as attrelid, c.name as attname, type_oid as atttypid, -1 as attstattarget,
    t.typlen as attlen, number as attnum, if(t.typcategory = 'A', 1, 0) as attndims,
    -1 as attcacheoff, modifier as atttypmod, t.typbyval as attbyval, t.typalign as attalign,
    t.typstorage as attstorage, '' as attcompression, required as attnotnull, false as atthasdef,
    false as atthasmissing, '' as attidentity, '' as attgenerated, false as attisdropped,
    true as attislocal, 0 as attinhcount, t.typcollation as attcollation
  from (
    select relation, name, type_oid, number, modifier, required from own.columns
    union all select k.index_oid, c.name, c.type_oid, c.key_place, c.modifier, false
      from own.columns c join own.keys k on k.relation = c.relation where c.key_place is not null
  ) c join pg_type t on t.oid = c.type_oid;
insert into pg_index by name
  select index_oid as indexrelid, relation as indrelid, len(numbers) as indnatts,
    len(numbers) as indnkeyatts, true as indisunique, false as indnullsnotdistinct,
    true as indisprimary, false as indisexclusion, true as indimmediate, false as indisclustered,
    true as indisvalid, false as indcheckxmin, true as indisready, true as indislive,
    false as indisreplident, numbers as indkey,
    list_transform(numbers, lambda n: 0) as indcollation,
    list_transform(numbers, lambda n: 1978) as indclass,
    list_transform(numbers, lambda n: 0) as indoption
  from own.keys;
insert into pg_constraint by name
  select constraint_oid as oid, name as conname, 2200 as connamespace, 'p' as contype,
    false as condeferrable, false as condeferred, true as convalidated, relation as conrelid,
    0 as contypid, index_oid as conindid, 0 as conparentid, 0 as confrelid, ' ' as confupdtype,
    ' ' as confdeltype, ' ' as confmatchtype, true as conislocal, 0 as coninhcount,
    true as connoinherit, numbers as conkey
  from own.keys;
insert into pg_description by name select oid as objoid, 1259 as classoid, 0 as objsubid,
  comment as description from own.relations where comment is not null
  union all by name select relation as objoid, 1259 as classoid, number as objsubid,
    comment as description from own.columns where comment is not null;
insert into pg_tables by name
  select 'public' as schemaname, name as tablename, own_user() as tableowner,
    index_oid is not null as hasindexes, false as hasrules, false as hastriggers,
    false as rowsecurity from own.relations where kind = 'r'
  union all by name select namespace as schemaname, name as tablename, own_user() as tableowner,
    false as hasindexes, false as hasrules, false as hastriggers, false as rowsecurity
    from own.system where kind = 'r';
insert into pg_views by name select 'public' as schemaname, name as viewname,
  own_user() as viewowner, definition from own.relations where kind = 'v';
insert into pg_matviews by name select 'public' as schemaname, name as matviewname,
  own_user() as matviewowner, index_oid is not null as hasindexes, true as ispopulated, definition
  from own.relations where kind = 'm';
insert into pg_indexes by name select 'public' as schemaname, relation_name as tablename,
  name as indexname, definition as indexdef from own.keys;
insert into pg_stat_user_tables by name select oid as relid, 'public' as schemaname,
  name as relname from own.relations where kind <> 'v';
insert into pg_stat_all_tables by name select * from pg_stat_user_tables;
)sql";

constexpr std::array<std::string_view, 12> kChangingTables = {
    "pg_class",      "pg_type",        "pg_attribute",        "pg_index",
    "pg_constraint", "pg_description", "pg_tables",           "pg_views",
    "pg_matviews",   "pg_indexes",     "pg_stat_user_tables", "pg_stat_all_tables"};

}  // namespace

std::string_view schemas_and_types() { return kSchemas; }
std::string_view facts_tables() { return kFacts; }
std::string_view constant_contents() { return kConstants; }
std::span<const std::string_view> changing_tables() { return kChangingTables; }
std::string_view changing_contents() { return kChanging; }

}  // namespace dataflow::postgres
