#include "nested_function.h"

namespace dataflow::expr {

Result<Type> element_type(const Node& argument, const CallSite& site) {
  const Type& type = argument.type();
  if (type.id() == TypeId::kArray) return type.element();
  if (type.id() == TypeId::kNull) return Type::null();
  return site.fail(site.expression().name + " takes an array, not " + type.to_string());
}

Status bring_to_one_element(Nodes& arrays, Nodes& values, const CallSite& site) {
  Type element;
  const auto meet = [&](const Type& other) -> Status {
    const auto both = common_type(element, other);
    if (!both) {
      return site.fail("there is no type for elements of both " + element.to_string() + " and " +
                       other.to_string());
    }
    element = *both;
    return {};
  };
  for (const NodePtr& array : arrays) {
    DF_ASSIGN_OR_RETURN(const Type own, element_type(*array, site));
    DF_RETURN_IF_ERROR(meet(own));
  }
  for (const NodePtr& value : values) DF_RETURN_IF_ERROR(meet(value->type()));
  DF_ASSIGN_OR_RETURN(arrays, all_coerced(std::move(arrays), Type::array(element), site));
  DF_ASSIGN_OR_RETURN(values, all_coerced(std::move(values), element, site));
  return {};
}

void add_collection_function(FunctionList& list, const char* name, const char* signature,
                             const char* help, size_t least, size_t most, Binder bind) {
  list.push_back({{name, signature, help, "collection"}, least, most, std::move(bind)});
}

void add_collections(FunctionList& list) {
  add_constructors(list);
  add_access_functions(list);
  add_array_functions(list);
  add_array_set_functions(list);
  add_array_search_functions(list);
  add_map_functions(list);
  add_series(list);
}

}  // namespace dataflow::expr
