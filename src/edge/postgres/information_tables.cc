#include "catalog_tables.h"

namespace dataflow::postgres {
namespace {

constexpr CatalogTable kTables[] = {
    {"applicable_roles", 13236, 'v', "grantee:n role_name:n is_grantable"},
    {"check_constraints", 13260, 'v',
     "constraint_catalog:n constraint_schema:n constraint_name:n check_clause"},
    {"collations", 13265, 'v',
     "collation_catalog:n collation_schema:n collation_name:n pad_attribute"},
    {"character_sets", 13244, 'v',
     "character_set_catalog:n character_set_schema:n character_set_name:n "
     "character_repertoire:n form_of_use:n default_collate_catalog:n default_collate_schema:n "
     "default_collate_name:n"},
    {"columns", 13295, 'v',
     "table_catalog:n table_schema:n table_name:n column_name:n ordinal_position:i "
     "column_default is_nullable data_type character_maximum_length:i "
     "character_octet_length:i numeric_precision:i numeric_precision_radix:i "
     "numeric_scale:i datetime_precision:i interval_type interval_precision:i "
     "character_set_catalog:n character_set_schema:n character_set_name:n "
     "collation_catalog:n collation_schema:n collation_name:n domain_catalog:n "
     "domain_schema:n domain_name:n udt_catalog:n udt_schema:n udt_name:n scope_catalog:n "
     "scope_schema:n scope_name:n maximum_cardinality:i dtd_identifier:n "
     "is_self_referencing is_identity identity_generation identity_start "
     "identity_increment identity_maximum identity_minimum identity_cycle is_generated "
     "generation_expression is_updatable"},
    {"constraint_column_usage", 13300, 'v',
     "table_catalog:n table_schema:n table_name:n column_name:n constraint_catalog:n "
     "constraint_schema:n constraint_name:n"},
    {"domains", 13320, 'v',
     "domain_catalog:n domain_schema:n domain_name:n data_type character_maximum_length:i "
     "character_octet_length:i character_set_catalog:n character_set_schema:n "
     "character_set_name:n collation_catalog:n collation_schema:n collation_name:n "
     "numeric_precision:i numeric_precision_radix:i numeric_scale:i datetime_precision:i "
     "interval_type interval_precision:i domain_default udt_catalog:n udt_schema:n "
     "udt_name:n scope_catalog:n scope_schema:n scope_name:n maximum_cardinality:i "
     "dtd_identifier:n"},
    {"element_types", 13493, 'v',
     "object_catalog:n object_schema:n object_name:n object_type "
     "collection_type_identifier:n data_type character_maximum_length:i "
     "character_octet_length:i character_set_catalog:n character_set_schema:n "
     "character_set_name:n collation_catalog:n collation_schema:n collation_name:n "
     "numeric_precision:i numeric_precision_radix:i numeric_scale:i datetime_precision:i "
     "interval_type interval_precision:i domain_default udt_catalog:n udt_schema:n "
     "udt_name:n scope_catalog:n scope_schema:n scope_name:n maximum_cardinality:i "
     "dtd_identifier:n"},
    {"enabled_roles", 13325, 'v', "role_name:n"},
    {"information_schema_catalog_name", 13227, 'v', "catalog_name:n"},
    {"key_column_usage", 13329, 'v',
     "constraint_catalog:n constraint_schema:n constraint_name:n table_catalog:n "
     "table_schema:n table_name:n column_name:n ordinal_position:i "
     "position_in_unique_constraint:i"},
    {"parameters", 13334, 'v',
     "specific_catalog:n specific_schema:n specific_name:n ordinal_position:i "
     "parameter_mode is_result as_locator parameter_name:n data_type "
     "character_maximum_length:i character_octet_length:i character_set_catalog:n "
     "character_set_schema:n character_set_name:n collation_catalog:n collation_schema:n "
     "collation_name:n numeric_precision:i numeric_precision_radix:i numeric_scale:i "
     "datetime_precision:i interval_type interval_precision:i udt_catalog:n udt_schema:n "
     "udt_name:n scope_catalog:n scope_schema:n scope_name:n maximum_cardinality:i "
     "dtd_identifier:n parameter_default"},
    {"referential_constraints", 13339, 'v',
     "constraint_catalog:n constraint_schema:n constraint_name:n "
     "unique_constraint_catalog:n unique_constraint_schema:n unique_constraint_name:n "
     "match_option update_rule delete_rule"},
    {"role_table_grants", 13421, 'v',
     "grantor:n grantee:n table_catalog:n table_schema:n table_name:n privilege_type "
     "is_grantable with_hierarchy"},
    {"routines", 13377, 'v',
     "specific_catalog:n specific_schema:n specific_name:n routine_catalog:n "
     "routine_schema:n routine_name:n routine_type module_catalog:n module_schema:n "
     "module_name:n udt_catalog:n udt_schema:n udt_name:n data_type "
     "character_maximum_length:i character_octet_length:i character_set_catalog:n "
     "character_set_schema:n character_set_name:n collation_catalog:n collation_schema:n "
     "collation_name:n numeric_precision:i numeric_precision_radix:i numeric_scale:i "
     "datetime_precision:i interval_type interval_precision:i type_udt_catalog:n "
     "type_udt_schema:n type_udt_name:n scope_catalog:n scope_schema:n scope_name:n "
     "maximum_cardinality:i dtd_identifier:n routine_body routine_definition external_name "
     "external_language parameter_style is_deterministic sql_data_access is_null_call "
     "sql_path schema_level_routine max_dynamic_result_sets:i is_user_defined_cast "
     "is_implicitly_invocable security_type to_sql_specific_catalog:n "
     "to_sql_specific_schema:n to_sql_specific_name:n as_locator created last_altered "
     "new_savepoint_level is_udt_dependent result_cast_from_data_type "
     "result_cast_as_locator result_cast_char_max_length:i result_cast_char_octet_length:i "
     "result_cast_char_set_catalog:n result_cast_char_set_schema:n "
     "result_cast_char_set_name:n result_cast_collation_catalog:n "
     "result_cast_collation_schema:n result_cast_collation_name:n "
     "result_cast_numeric_precision:i result_cast_numeric_precision_radix:i "
     "result_cast_numeric_scale:i result_cast_datetime_precision:i "
     "result_cast_interval_type result_cast_interval_precision:i "
     "result_cast_type_udt_catalog:n result_cast_type_udt_schema:n "
     "result_cast_type_udt_name:n result_cast_scope_catalog:n result_cast_scope_schema:n "
     "result_cast_scope_name:n result_cast_maximum_cardinality:i "
     "result_cast_dtd_identifier:n"},
    {"schemata", 13382, 'v',
     "catalog_name:n schema_name:n schema_owner:n default_character_set_catalog:n "
     "default_character_set_schema:n default_character_set_name:n sql_path"},
    {"sequences", 13386, 'v',
     "sequence_catalog:n sequence_schema:n sequence_name:n data_type numeric_precision:i "
     "numeric_precision_radix:i numeric_scale:i start_value minimum_value maximum_value "
     "increment cycle_option"},
    {"table_constraints", 13411, 'v',
     "constraint_catalog:n constraint_schema:n constraint_name:n table_catalog:n "
     "table_schema:n table_name:n constraint_type is_deferrable initially_deferred "
     "enforced nulls_distinct"},
    {"table_privileges", 13416, 'v',
     "grantor:n grantee:n table_catalog:n table_schema:n table_name:n privilege_type "
     "is_grantable with_hierarchy"},
    {"tables", 13425, 'v',
     "table_catalog:n table_schema:n table_name:n table_type "
     "self_referencing_column_name:n reference_generation user_defined_type_catalog:n "
     "user_defined_type_schema:n user_defined_type_name:n is_insertable_into is_typed "
     "commit_action"},
    {"triggers", 13440, 'v',
     "trigger_catalog:n trigger_schema:n trigger_name:n event_manipulation "
     "event_object_catalog:n event_object_schema:n event_object_table:n action_order:i "
     "action_condition action_statement action_orientation action_timing "
     "action_reference_old_table:n action_reference_new_table:n action_reference_old_row:n "
     "action_reference_new_row:n created"},
    {"views", 13483, 'v',
     "table_catalog:n table_schema:n table_name:n view_definition check_option "
     "is_updatable is_insertable_into is_trigger_updatable is_trigger_deletable "
     "is_trigger_insertable_into"},
};

}  // namespace

std::span<const CatalogTable> information_tables() { return kTables; }

}  // namespace dataflow::postgres
