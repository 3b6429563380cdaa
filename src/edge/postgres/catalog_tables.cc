#include "catalog_tables.h"

#include <cctype>

namespace dataflow::postgres {
namespace {

constexpr CatalogTable kTables[] = {
    {"pg_am", 2601, 'r', "oid:o amname:n amhandler amtype:c"},
    {"pg_attrdef", 2604, 'r', "oid:o adrelid:o adnum:s adbin"},
    {"pg_attribute", 1249, 'r',
     "attrelid:o attname:n atttypid:o attstattarget:i attlen:s attnum:s attndims:i "
     "attcacheoff:i atttypmod:i attbyval:b attalign:c attstorage:c attcompression:c "
     "attnotnull:b atthasdef:b atthasmissing:b attidentity:c attgenerated:c attisdropped:b "
     "attislocal:b attinhcount:i attcollation:o attacl:T attoptions:T attfdwoptions:T "
     "attmissingval"},
    {"pg_auth_members", 1261, 'r', "roleid:o member:o grantor:o admin_option:b"},
    {"pg_available_extensions", 12081, 'v', "name:n default_version installed_version comment"},
    {"pg_cast", 2605, 'r', "oid:o castsource:o casttarget:o castfunc:o castcontext:c castmethod:c"},
    {"pg_class", 1259, 'r',
     "oid:o relname:n relnamespace:o reltype:o reloftype:o relowner:o relam:o "
     "relfilenode:o reltablespace:o relpages:i reltuples:f relallvisible:i reltoastrelid:o "
     "relhasindex:b relisshared:b relpersistence:c relkind:c relnatts:s relchecks:s "
     "relhasrules:b relhastriggers:b relhassubclass:b relrowsecurity:b "
     "relforcerowsecurity:b relispopulated:b relreplident:c relispartition:b relrewrite:o "
     "relfrozenxid:l relminmxid:l relacl:T reloptions:T relpartbound"},
    {"pg_collation", 3456, 'r',
     "oid:o collname:n collnamespace:o collowner:o collprovider:c collisdeterministic:b "
     "collencoding:i collcollate collctype colliculocale collversion"},
    {"pg_constraint", 2606, 'r',
     "oid:o conname:n connamespace:o contype:c condeferrable:b condeferred:b "
     "convalidated:b conrelid:o contypid:o conindid:o conparentid:o confrelid:o "
     "confupdtype:c confdeltype:c confmatchtype:c conislocal:b coninhcount:i "
     "connoinherit:b conkey:A confkey:A conpfeqop:O conppeqop:O conffeqop:O "
     "confdelsetcols:A conexclop:O conbin tableoid:o"},
    {"pg_cursors", 12077, 'v',
     "name statement is_holdable:b is_binary:b is_scrollable:b creation_time:z"},
    {"pg_conversion", 2607, 'r',
     "oid:o conname:n connamespace:o conowner:o conforencoding:i contoencoding:i conproc "
     "condefault:b"},
    {"pg_database", 1262, 'r',
     "oid:o datname:n datdba:o encoding:i datlocprovider:c datistemplate:b datallowconn:b "
     "datconnlimit:i datfrozenxid:l datminmxid:l dattablespace:o datcollate datctype "
     "daticulocale datcollversion datacl:T"},
    {"pg_db_role_setting", 2964, 'r', "setdatabase:o setrole:o setconfig:T"},
    {"pg_default_acl", 826, 'r',
     "oid:o defaclrole:o defaclnamespace:o defaclobjtype:c defaclacl:T"},
    {"pg_depend", 2608, 'r',
     "classid:o objid:o objsubid:i refclassid:o refobjid:o refobjsubid:i deptype:c"},
    {"pg_description", 2609, 'r', "objoid:o classoid:o objsubid:i description"},
    {"pg_enum", 3501, 'r', "oid:o enumtypid:o enumsortorder:f enumlabel:n"},
    {"pg_event_trigger", 3466, 'r',
     "oid:o evtname:n evtevent:n evtowner:o evtfoid:o evtenabled:c evttags:T"},
    {"pg_extension", 3079, 'r',
     "oid:o extname:n extowner:o extnamespace:o extrelocatable:b extversion extconfig:O "
     "extcondition:T"},
    {"pg_foreign_data_wrapper", 2328, 'r',
     "oid:o fdwname:n fdwowner:o fdwhandler:o fdwvalidator:o fdwacl:T fdwoptions:T"},
    {"pg_foreign_server", 1417, 'r',
     "oid:o srvname:n srvowner:o srvfdw:o srvtype srvversion srvacl:T srvoptions:T"},
    {"pg_foreign_table", 3118, 'r', "ftrelid:o ftserver:o ftoptions:T"},
    {"pg_group", 12010, 'v', "groname:n grosysid:o grolist:O"},
    {"pg_index", 2610, 'r',
     "indexrelid:o indrelid:o indnatts:s indnkeyatts:s indisunique:b indnullsnotdistinct:b "
     "indisprimary:b indisexclusion:b indimmediate:b indisclustered:b indisvalid:b "
     "indcheckxmin:b indisready:b indislive:b indisreplident:b indkey:S indcollation:O "
     "indclass:O indoption:S indexprs indpred"},
    {"pg_indexes", 12043, 'v', "schemaname:n tablename:n indexname:n tablespace:n indexdef"},
    {"pg_inherits", 2611, 'r', "inhrelid:o inhparent:o inhseqno:i inhdetachpending:b"},
    {"pg_language", 2612, 'r',
     "oid:o lanname:n lanowner:o lanispl:b lanpltrusted:b lanplcallfoid:o laninline:o "
     "lanvalidator:o lanacl:T tableoid:o"},
    {"pg_locks", 12073, 'v',
     "locktype database:o relation:o page:i tuple:s virtualxid transactionid:l classid:o "
     "objid:o objsubid:s virtualtransaction pid:i mode granted:b fastpath:b waitstart:z"},
    {"pg_matviews", 12038, 'v',
     "schemaname:n matviewname:n matviewowner:n tablespace:n hasindexes:b ispopulated:b "
     "definition"},
    {"pg_namespace", 2615, 'r', "oid:o nspname:n nspowner:o nspacl:T"},
    {"pg_opclass", 2616, 'r',
     "oid:o opcmethod:o opcname:n opcnamespace:o opcowner:o opcfamily:o opcintype:o "
     "opcdefault:b opckeytype:o tableoid:o"},
    {"pg_operator", 2617, 'r',
     "oid:o oprname:n oprnamespace:o oprowner:o oprkind:c oprcanmerge:b oprcanhash:b "
     "oprleft:o oprright:o oprresult:o oprcom:o oprnegate:o oprcode oprrest oprjoin"},
    {"pg_opfamily", 2753, 'r', "oid:o opfmethod:o opfname:n opfnamespace:o opfowner:o tableoid:o"},
    {"pg_partitioned_table", 3350, 'r',
     "partrelid:o partstrat:c partnatts:s partdefid:o partattrs:S partclass:O "
     "partcollation:O partexprs"},
    {"pg_policies", 12018, 'v',
     "schemaname:n tablename:n policyname:n permissive roles:T cmd qual with_check"},
    {"pg_policy", 3256, 'r',
     "oid:o polname:n polrelid:o polcmd:c polpermissive:b polroles:O polqual polwithcheck"},
    {"pg_prepared_statements", 12095, 'v',
     "name statement prepare_time:z parameter_types:O from_sql:b generic_plans:l "
     "custom_plans:l"},
    {"pg_prepared_xacts", 12090, 'v', "transaction:l gid prepared:z owner:n database:n"},
    {"pg_proc", 1255, 'r',
     "oid:o proname:n pronamespace:o proowner:o prolang:o procost:f prorows:f "
     "provariadic:o prosupport prokind:c prosecdef:b proleakproof:b proisstrict:b "
     "proretset:b provolatile:c proparallel:c pronargs:s pronargdefaults:s prorettype:o "
     "proargtypes:O proallargtypes:O proargmodes:C proargnames:T proargdefaults "
     "protrftypes:O prosrc probin prosqlbody proconfig:T proacl:T"},
    {"pg_publication", 6104, 'r',
     "oid:o pubname:n pubowner:o puballtables:b pubinsert:b pubupdate:b pubdelete:b "
     "pubtruncate:b pubviaroot:b"},
    {"pg_publication_namespace", 6237, 'r', "oid:o pnpubid:o pnnspid:o"},
    {"pg_publication_rel", 6106, 'r', "oid:o prpubid:o prrelid:o prqual prattrs:S"},
    {"pg_publication_tables", 12068, 'v',
     "pubname:n schemaname:n tablename:n attnames:T rowfilter"},
    {"pg_range", 3541, 'r',
     "rngtypid:o rngsubtype:o rngmultitypid:o rngcollation:o rngsubopc:o rngcanonical "
     "rngsubdiff"},
    {"pg_replication_slots", 12257, 'v',
     "slot_name:n plugin:n slot_type datoid:o database:n temporary:b active:b active_pid:i "
     "xmin:l catalog_xmin:l restart_lsn confirmed_flush_lsn wal_status safe_wal_size:l "
     "two_phase:b"},
    {"pg_rewrite", 2618, 'r',
     "oid:o rulename:n ev_class:o ev_type:c ev_enabled:c is_instead:b ev_qual ev_action "
     "tableoid:o"},
    {"pg_roles", 12000, 'v',
     "rolname:n rolsuper:b rolinherit:b rolcreaterole:b rolcreatedb:b rolcanlogin:b "
     "rolreplication:b rolconnlimit:i rolpassword rolvaliduntil:z rolbypassrls:b "
     "rolconfig:T oid:o"},
    {"pg_rules", 12023, 'v', "schemaname:n tablename:n rulename:n definition"},
    {"pg_sequence", 2224, 'r',
     "seqrelid:o seqtypid:o seqstart:l seqincrement:l seqmax:l seqmin:l seqcache:l "
     "seqcycle:b"},
    {"pg_sequences", 12048, 'v',
     "schemaname:n sequencename:n sequenceowner:n data_type:o start_value:l min_value:l "
     "max_value:l increment_by:l cycle:b cache_size:l last_value:l"},
    {"pg_settings", 12104, 'v',
     "name setting unit category short_desc extra_desc context vartype source min_val "
     "max_val enumvals:T boot_val reset_val sourcefile sourceline:i pending_restart:b"},
    {"pg_shadow", 12005, 'v',
     "usename:n usesysid:o usecreatedb:b usesuper:b userepl:b usebypassrls:b passwd "
     "valuntil:z useconfig:T"},
    {"pg_shdepend", 1214, 'r',
     "dbid:o classid:o objid:o objsubid:i refclassid:o refobjid:o deptype:c"},
    {"pg_shdescription", 2396, 'r', "objoid:o classoid:o description"},
    {"pg_stat_activity", 12222, 'v',
     "datid:o datname:n pid:i leader_pid:i usesysid:o usename:n application_name "
     "client_addr client_hostname client_port:i backend_start:z xact_start:z query_start:z "
     "state_change:z wait_event_type wait_event state backend_xid:l backend_xmin:l "
     "query_id:l query backend_type"},
    {"pg_stat_all_tables", 12142, 'v',
     "relid:o schemaname:n relname:n seq_scan:l seq_tup_read:l idx_scan:l idx_tup_fetch:l "
     "n_tup_ins:l n_tup_upd:l n_tup_del:l n_tup_hot_upd:l n_live_tup:l n_dead_tup:l "
     "n_mod_since_analyze:l n_ins_since_vacuum:l last_vacuum:z last_autovacuum:z "
     "last_analyze:z last_autoanalyze:z vacuum_count:l autovacuum_count:l analyze_count:l "
     "autoanalyze_count:l"},
    {"pg_stat_database", 12266, 'v',
     "datid:o datname:n numbackends:i xact_commit:l xact_rollback:l blks_read:l blks_hit:l "
     "tup_returned:l tup_fetched:l tup_inserted:l tup_updated:l tup_deleted:l conflicts:l "
     "temp_files:l temp_bytes:l deadlocks:l checksum_failures:l checksum_last_failure:z "
     "blk_read_time:d blk_write_time:d session_time:d active_time:d "
     "idle_in_transaction_time:d sessions:l sessions_abandoned:l sessions_fatal:l "
     "sessions_killed:l stats_reset:z"},
    {"pg_stat_replication", 12227, 'v',
     "pid:i usesysid:o usename:n application_name client_addr client_hostname "
     "client_port:i backend_start:z backend_xmin:l state sent_lsn write_lsn flush_lsn "
     "replay_lsn write_lag flush_lag replay_lag sync_priority:i sync_state reply_time:z"},
    {"pg_stat_ssl", 12249, 'v',
     "pid:i ssl:b version cipher bits:i client_dn client_serial issuer_dn"},
    {"pg_stat_wal_receiver", 12244, 'v', "pid:i status conninfo"},
    {"pg_statio_all_tables", 12208, 'v',
     "relid:o schemaname:n relname:n heap_blks_read:l heap_blks_hit:l idx_blks_read:l "
     "idx_blks_hit:l"},
    {"pg_statio_user_tables", 12217, 'v',
     "relid:o schemaname:n relname:n heap_blks_read:l heap_blks_hit:l idx_blks_read:l "
     "idx_blks_hit:l"},
    {"pg_stat_user_indexes", 12192, 'v',
     "relid:o indexrelid:o schemaname:n relname:n indexrelname:n idx_scan:l idx_tup_read:l "
     "idx_tup_fetch:l"},
    {"pg_stat_user_tables", 12161, 'v',
     "relid:o schemaname:n relname:n seq_scan:l seq_tup_read:l idx_scan:l idx_tup_fetch:l "
     "n_tup_ins:l n_tup_upd:l n_tup_del:l n_tup_hot_upd:l n_live_tup:l n_dead_tup:l "
     "n_mod_since_analyze:l n_ins_since_vacuum:l last_vacuum:z last_autovacuum:z "
     "last_analyze:z last_autoanalyze:z vacuum_count:l autovacuum_count:l analyze_count:l "
     "autoanalyze_count:l"},
    {"pg_statistic_ext", 3381, 'r',
     "oid:o stxrelid:o stxname:n stxnamespace:o stxowner:o stxstattarget:i stxkeys:S "
     "stxkind:C stxexprs"},
    {"pg_stats", 12053, 'v',
     "schemaname:n tablename:n attname:n inherited:b null_frac:f avg_width:i n_distinct:f "
     "most_common_vals most_common_freqs:F histogram_bounds correlation:f "
     "most_common_elems most_common_elem_freqs:F elem_count_histogram:F"},
    {"pg_subscription", 6100, 'r',
     "oid:o subdbid:o subskiplsn subname:n subowner:o subenabled:b subbinary:b substream:b "
     "subtwophasestate:c subdisableonerr:b subconninfo subslotname:n subsynccommit "
     "subpublications:T"},
    {"pg_tables", 12033, 'v',
     "schemaname:n tablename:n tableowner:n tablespace:n hasindexes:b hasrules:b "
     "hastriggers:b rowsecurity:b"},
    {"pg_tablespace", 1213, 'r', "oid:o spcname:n spcowner:o spcacl:T spcoptions:T"},
    {"pg_timezone_names", 12126, 'v', "name abbrev utc_offset is_dst:b"},
    {"pg_trigger", 2620, 'r',
     "oid:o tgrelid:o tgparentid:o tgname:n tgfoid:o tgtype:s tgenabled:c tgisinternal:b "
     "tgconstrrelid:o tgconstrindid:o tgconstraint:o tgdeferrable:b tginitdeferred:b "
     "tgnargs:s tgattr:S tgargs tgqual tgoldtable:n tgnewtable:n tableoid:o"},
    {"pg_ts_config", 3602, 'r', "oid:o cfgname:n cfgnamespace:o cfgowner:o cfgparser:o"},
    {"pg_ts_dict", 3600, 'r',
     "oid:o dictname:n dictnamespace:o dictowner:o dicttemplate:o dictinitoption"},
    {"pg_type", 1247, 'r',
     "oid:o typname:n typnamespace:o typowner:o typlen:s typbyval:b typtype:c "
     "typcategory:c typispreferred:b typisdefined:b typdelim:c typrelid:o typsubscript "
     "typelem:o typarray:o typinput typoutput typreceive typsend typmodin typmodout "
     "typanalyze typalign:c typstorage:c typnotnull:b typbasetype:o typtypmod:i typndims:i "
     "typcollation:o typdefaultbin typdefault typacl:T"},
    {"pg_user", 12014, 'v',
     "usename:n usesysid:o usecreatedb:b usesuper:b userepl:b usebypassrls:b passwd "
     "valuntil:z useconfig:T"},
    {"pg_views", 12028, 'v', "schemaname:n viewname:n viewowner:n definition"},
};

std::string_view type_of(char letter) {
  switch (letter) {
    case 'o': return "pg_oid";
    case 'n': return "pg_name";
    case 'c': return "pg_char";
    case 'b': return "boolean";
    case 's': return "smallint";
    case 'i': return "integer";
    case 'l': return "bigint";
    case 'f': return "real";
    case 'd': return "double";
    case 'z': return "timestamptz";
    case 'O': return "pg_oid[]";
    case 'C': return "pg_char[]";
    case 'F': return "real[]";
    case 'S': return "pg_int2vector";
    case 'A': return "smallint[]";
    case 'T': return "varchar[]";
    default: return "varchar";
  }
}

}  // namespace

std::span<const CatalogTable> catalog_tables() { return kTables; }

std::string create_statement(std::string_view schema, const CatalogTable& table) {
  std::string out = "CREATE OR REPLACE TABLE ";
  out += schema;
  out += '.';
  out += table.name;
  char separator = '(';
  for (std::string_view rest = table.columns; !rest.empty();) {
    const size_t end = rest.find(' ');
    const std::string_view column = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    const size_t colon = column.find(':');
    out += separator;
    out += '"';
    out += column.substr(0, colon);
    out += "\" ";
    out += type_of(colon == std::string_view::npos ? 't' : column[colon + 1]);
    separator = ',';
  }
  return out + ')';
}

}  // namespace dataflow::postgres
