#include "catalog_functions.h"

#include <array>

#include "sql_text.h"

namespace dataflow::postgres {
namespace {

// What depends on nothing.
constexpr std::string_view kConstants = R"sql(
create macro pgc.current_schema() as 'public';
create macro pgc.current_schemas(implicit) as
  case when implicit then ['pg_catalog', 'public'] else ['public'] end;
create macro pgc.pg_backend_pid() as 1::integer;
create macro pgc.pg_is_in_recovery() as false;
create macro pgc.pg_postmaster_start_time() as now();
create macro pgc.pg_conf_load_time() as now();
create macro pgc.pg_my_temp_schema() as 0::pg_oid;
create macro pgc.pg_is_other_temp_schema(o) as false;
create macro pgc.pg_client_encoding() as 'UTF8';
create macro pgc.getdatabaseencoding() as 'UTF8';
create macro pgc.pg_encoding_to_char(n) as case when n = 6 then 'UTF8' else '' end;
create macro pgc.pg_char_to_encoding(n) as case when upper(n) in ('UTF8', 'UTF-8') then 6
  else -1 end;
create macro pgc.inet_server_addr() as null::varchar;
create macro pgc.inet_server_port() as null::integer;
create macro pgc.inet_client_addr() as null::varchar;
create macro pgc.inet_client_port() as null::integer;
create macro pgc.txid_current() as 1::bigint;
create macro pgc.txid_current_if_assigned() as null::bigint;
create macro pgc.pg_current_xact_id() as 1::bigint;
create macro pgc.pg_jit_available() as false;
create macro pgc.row_security_active(o) as false;
create macro pgc.pg_relation_is_publishable(o) as false;
create macro pgc.pg_type_is_visible(o) as o is not null;
create macro pgc.pg_function_is_visible(o) as o is not null;
create macro pgc.pg_operator_is_visible(o) as o is not null;
create macro pgc.pg_opclass_is_visible(o) as o is not null;
create macro pgc.pg_opfamily_is_visible(o) as o is not null;
create macro pgc.pg_collation_is_visible(o) as o is not null;
create macro pgc.pg_conversion_is_visible(o) as o is not null;
create macro pgc.pg_statistics_obj_is_visible(o) as o is not null;
create macro pgc.pg_ts_config_is_visible(o) as o is not null;
create macro pgc.pg_ts_dict_is_visible(o) as o is not null;
create macro pgc.pg_table_is_visible(o) as (o < 13000 or o >= 16384);
create macro pgc.pg_get_expr(node, o) as node::varchar, (node, o, pretty) as node::varchar;
create macro pgc.pg_get_partkeydef(o) as null::varchar;
create macro pgc.pg_get_partition_constraintdef(o) as null::varchar;
create macro pgc.pg_get_serial_sequence(t, c) as null::varchar;
create macro pgc.pg_get_statisticsobjdef_columns(o) as null::varchar;
create macro pgc.pg_get_statisticsobjdef(o) as null::varchar;
create macro pgc.pg_get_ruledef(o) as null::varchar, (o, pretty) as null::varchar;
create macro pgc.pg_get_triggerdef(o) as null::varchar, (o, pretty) as null::varchar;
create macro pgc.pg_get_functiondef(o) as null::varchar;
create macro pgc.pg_get_function_result(o) as null::varchar;
create macro pgc.pg_get_function_arguments(o) as null::varchar;
create macro pgc.pg_get_function_identity_arguments(o) as null::varchar;
create macro pgc.pg_get_function_sqlbody(o) as null::varchar;
create macro pgc.pg_tablespace_location(o) as '';
create macro pgc.pg_sequence_last_value(o) as null::bigint;
create macro pgc.pg_stat_get_numscans(o) as 0::bigint;
create macro pgc.pg_table_size(o) as 0::bigint;
create macro pgc.pg_total_relation_size(o) as 0::bigint;
create macro pgc.pg_relation_size(o) as 0::bigint, (o, fork) as 0::bigint;
create macro pgc.pg_indexes_size(o) as 0::bigint;
create macro pgc.pg_database_size(o) as 0::bigint;
create macro pgc.pg_tablespace_size(o) as 0::bigint;
create macro pgc.pg_blocking_pids(p) as []::integer[];
create macro pgc.shobj_description(o, t) as null::varchar;
create macro pgc.set_config(name, value, local) as value::varchar;
create macro pgc.pg_advisory_lock(k) as null::varchar, (k, l) as null::varchar;
create macro pgc.pg_advisory_lock_shared(k) as null::varchar, (k, l) as null::varchar;
create macro pgc.pg_advisory_xact_lock(k) as null::varchar, (k, l) as null::varchar;
create macro pgc.pg_advisory_xact_lock_shared(k) as null::varchar, (k, l) as null::varchar;
create macro pgc.pg_try_advisory_lock(k) as true, (k, l) as true;
create macro pgc.pg_try_advisory_xact_lock(k) as true, (k, l) as true;
create macro pgc.pg_advisory_unlock(k) as true, (k, l) as true;
create macro pgc.pg_advisory_unlock_shared(k) as true, (k, l) as true;
create macro pgc.pg_advisory_unlock_all() as null::varchar;
create macro pgc.pg_export_snapshot() as '00000001-00000001-1';
create macro pgc.pg_index_column_has_property(i, n, p) as p in ('asc', 'nulls_last', 'orderable',
  'search_array', 'search_nulls');
create macro pgc.age(x) as 1::integer;
create macro pgc.pg_listening_channels() as table select ''::varchar as pg_listening_channels
  where false;
create macro pgc.pg_show_all_settings() as table select * from pgc.pg_settings;
create macro pgc.pg_get_keywords() as table
  select w as word, 'R' as catcode, 'reserved' as catdesc from unnest(['ilike', 'analyse', 'limit',
    'offset', 'placing', 'returning', 'variadic', 'verbose', 'subscribe', 'flush']) t(w);
)sql";

// What format() has put in is not looked at again: its % is another character until the end.
constexpr std::string_view kText = R"sql(
create macro pgc.quote_literal(s) as
  ('''' || replace(s::varchar, '''', '''''') || '''')::varchar;
create macro pgc.quote_nullable(s) as
  coalesce('''' || replace(s::varchar, '''', '''''') || '''', 'NULL');
create macro pgc.array_upper(a, d) as nullif(len(a), 0);
create macro pgc.array_lower(a, d) as case when len(a) > 0 then 1 end;
create macro pgc.array_remove(a, x) as list_filter(a, lambda e: e is distinct from x);
create macro pgc.cardinality(a) as len(a);
create macro pgc.parse_ident(s) as string_split(replace(s, '"', ''), '.');
create macro pgc._pg_expandarray(a) as unnest(list_transform(a, lambda v, i: {'x': v, 'n': i}));
create macro pgc.jsonb_agg(x) as json_group_array(x);
create macro pgc.json_agg(x) as json_group_array(x);
create macro pgc.own_kept(t) as replace(replace(t::varchar, '\', '\\'), '%', chr(1));
create macro pgc.own_format(f, a) as case regexp_extract(f, '%([sIL])', 1)
  when 's' then regexp_replace(f, '%s', coalesce(own_kept(a), ''))
  when 'I' then regexp_replace(f, '%I', own_kept(quote_ident(a::varchar)))
  when 'L' then regexp_replace(f, '%L', own_kept(quote_nullable(a))) else f end;
create macro pgc.own_begun(f) as replace(f, '%%', chr(1));
create macro pgc.own_ended(f) as replace(f, chr(1), '%');
create macro pgc.format(f) as own_ended(own_begun(f)),
  (f, a) as own_ended(own_format(own_begun(f), a)),
  (f, a, b) as own_ended(own_format(own_format(own_begun(f), a), b)),
  (f, a, b, c) as own_ended(own_format(own_format(own_format(own_begun(f), a), b), c));
create macro pgc.hashtext(s) as (hash(s::varchar) % 2147483648)::integer;
create macro pgc.hashtextextended(s, n) as (hash(s::varchar) % 9223372036854775807)::bigint + n;
create macro pgc.pg_size_pretty(n) as case when abs(n) < 10240 then n::bigint || ' bytes'
  when abs(n) < 10485760 then (n // 1024) || ' kB' else (n // 1048576) || ' MB' end;
)sql";

// What stands in a macro's subquery stands beside what the client has put in as its argument: so
// the names of these views' columns are ones that no client uses, and nothing of it is captured.
constexpr std::string_view kLookups = R"sql(
create macro pgc.pg_get_userbyid(o) as coalesce(
  (select l_name from own.l_role where l_oid = o), 'unknown (OID=' || o || ')');
create macro pgc.format_type(t, m) as case when t is null then null else coalesce((select case
    when m is null or m < 0 then l_shown
    when t in (1700, 1231) then replace(l_shown, 'numeric',
      'numeric(' || ((m - 4) >> 16)::integer || ',' || ((m - 4) & 65535)::integer || ')')
    when t in (1042, 1043) then l_shown || '(' || (m - 4)::integer || ')'
    when t in (1083, 1114, 1184, 1266, 1183, 1115, 1185) then
      regexp_replace(l_shown, '^(timestamp|time)', '\1(' || m || ')')
    else l_shown end from own.l_type where l_oid = t), '???') end;
create macro pgc.pg_get_constraintdef(o) as
    (select l_shown from own.l_key where l_constraint = o),
  (o, pretty) as (select l_shown from own.l_key where l_constraint = o);
create macro pgc.pg_get_indexdef(o) as (select l_definition from own.l_key where l_index = o),
  (o, n, pretty) as (select case when n = 0 then l_definition else l_names[n] end
    from own.l_key where l_index = o);
create macro pgc.pg_get_viewdef(o) as (select l_definition from own.l_relation where l_oid = o),
  (o, pretty) as (select l_definition from own.l_relation where l_oid = o);
create macro pgc.obj_description(o) as
    (select min(l_text) from own.l_comment where l_object = o and l_part = 0),
  (o, t) as (select min(l_text) from own.l_comment join own.l_class on l_oid = l_catalog
    where l_object = o and l_part = 0 and l_name = t);
create macro pgc.col_description(o, n) as
  (select min(l_text) from own.l_comment where l_object = o and l_part = n);
create macro pgc.own_plain_name(t) as replace(regexp_replace(t::varchar,
  '^"?(public|pg_catalog|information_schema)"?[.]', ''), '"', '');
create macro pgc.own_class_oid(t) as coalesce(try_cast(t as pg_oid),
  (select min(l_oid) from own.l_class where l_name = own_plain_name(t)))::pg_oid;
create macro pgc.own_class_text(t) as coalesce(
  (select quote_ident(l_name) from own.l_class where l_oid = try_cast(t as bigint)),
  case when t::varchar = '0' then '-' else t::varchar end);
create macro pgc.own_type_oid(t) as coalesce(try_cast(t as pg_oid),
  (select min(l_oid) from own.l_type
  where l_name = own_plain_name(t) or l_shown = lower(own_plain_name(t))))::pg_oid;
create macro pgc.own_type_text(t) as coalesce(
  (select l_shown from own.l_type where l_oid = try_cast(t as bigint)),
  case when t::varchar = '0' then '-' else t::varchar end);
create macro pgc.own_namespace_oid(t) as coalesce(try_cast(t as pg_oid),
  (select l_oid from own.l_namespace where l_name = replace(t::varchar, '"', '')))::pg_oid;
create macro pgc.own_namespace_text(t) as coalesce(
  (select l_name from own.l_namespace where l_oid = try_cast(t as bigint)), t::varchar);
create macro pgc.own_role_oid(t) as coalesce(try_cast(t as pg_oid),
  (select l_oid from own.l_role where l_name = replace(t::varchar, '"', '')))::pg_oid;
create macro pgc.own_role_text(t) as coalesce(
  (select l_name from own.l_role where l_oid = try_cast(t as bigint)), t::varchar);
create macro pgc.own_name_oid(t) as own_plain_name(t);
create macro pgc.own_name_text(t) as own_plain_name(t);
create macro pgc.to_regclass(t) as own_class_oid(t);
create macro pgc.to_regtype(t) as own_type_oid(t);
create macro pgc.to_regnamespace(t) as own_namespace_oid(t);
create macro pgc.to_regrole(t) as own_role_oid(t);
create macro pgc.to_regproc(t) as null::pg_oid;
)sql";

// Nobody is refused anything.
constexpr std::array<std::string_view, 12> kPrivileges = {"table",
                                                          "schema",
                                                          "database",
                                                          "function",
                                                          "sequence",
                                                          "any_column",
                                                          "type",
                                                          "language",
                                                          "tablespace",
                                                          "server",
                                                          "foreign_data_wrapper",
                                                          "parameter"};

constexpr std::array<std::string_view, 36> kServer = {"version",
                                                      "current_database",
                                                      "current_schema",
                                                      "current_schemas",
                                                      "current_setting",
                                                      "set_config",
                                                      "current_user",
                                                      "session_user",
                                                      "current_catalog",
                                                      "current_role",
                                                      "user",
                                                      "format_type",
                                                      "obj_description",
                                                      "col_description",
                                                      "shobj_description",
                                                      "to_regclass",
                                                      "to_regtype",
                                                      "to_regnamespace",
                                                      "to_regrole",
                                                      "to_regproc",
                                                      "txid_current",
                                                      "inet_server_addr",
                                                      "inet_server_port",
                                                      "inet_client_addr",
                                                      "inet_client_port",
                                                      "getdatabaseencoding",
                                                      "quote_ident",
                                                      "quote_literal",
                                                      "txid_current_if_assigned",
                                                      "row_security_active",
                                                      "quote_nullable",
                                                      "array_lower",
                                                      "array_upper",
                                                      "regclass",
                                                      "regtype",
                                                      "regnamespace"};

std::string in_small_letters(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

}  // namespace

std::vector<CatalogSetting> catalog_settings(const CatalogIdentity& identity) {
  return {{"application_name", ""},
          {"block_size", "8192"},
          {"bytea_output", "hex"},
          {"client_encoding", "UTF8"},
          {"client_min_messages", "notice"},
          {"DateStyle", "ISO, MDY"},
          {"default_table_access_method", "heap"},
          {"default_tablespace", ""},
          {"default_transaction_isolation", "read committed"},
          {"default_transaction_read_only", "off"},
          {"extra_float_digits", "1"},
          {"integer_datetimes", "on"},
          {"IntervalStyle", "postgres"},
          {"is_superuser", "on"},
          {"lc_collate", "C.UTF-8"},
          {"lc_ctype", "C.UTF-8"},
          {"lock_timeout", "0"},
          {"max_connections", "100"},
          {"max_identifier_length", "63"},
          {"max_index_keys", "32"},
          {"row_security", "on"},
          {"search_path", "\"$user\", public"},
          {"server_encoding", "UTF8"},
          {"server_version", identity.version},
          {"server_version_num", "150000"},
          {"session_authorization", identity.user},
          {"ssl", "off"},
          {"standard_conforming_strings", "on"},
          {"statement_timeout", "0"},
          {"synchronous_commit", "on"},
          {"TimeZone", "UTC"},
          {"transaction_isolation", "read committed"},
          {"transaction_read_only", "off"}};
}

std::string create_functions(const CatalogIdentity& identity) {
  std::string out;
  out += "create macro pgc.version() as " +
         sql_literal("PostgreSQL " + identity.version + " (DataFlow)") + ";";
  out += "create macro pgc.current_database() as " + sql_literal(identity.database) + ";";
  std::string settings;
  for (const CatalogSetting& setting : catalog_settings(identity)) {
    settings += (settings.empty() ? "map {" : ",") + sql_literal(in_small_letters(setting.name)) +
                ":" + sql_literal(setting.value);
  }
  // No subquery: it is called where DuckDB takes none.
  settings += "}[lower(n)]";
  out +=
      "create macro pgc.current_setting(n) as " + settings + ", (n, missing) as " + settings + ";";
  out += "create macro pgc.own_user() as " + sql_literal(identity.user) + ";";
  for (const std::string_view name : kPrivileges) {
    const std::string function = "create macro pgc.has_" + std::string(name) + "_privilege";
    out += function + "(a, b) as true, (a, b, c) as true;";
  }
  out += "create macro pgc.has_column_privilege(a, b, c) as true, (a, b, c, d) as true;";
  out += "create macro pgc.pg_has_role(a, b) as true, (a, b, c) as true;";
  out += kConstants;
  out += kText;
  out += kLookups;
  return out;
}

bool is_catalog_function(std::string_view name) {
  if (name.starts_with("pg_") || name.starts_with("has_") || name == "_pg_expandarray") return true;
  for (const std::string_view known : kServer) {
    if (known == name) return true;
  }
  return false;
}

}  // namespace dataflow::postgres
