#include "jobs/pipeline_yaml.h"
#include "yaml_text.h"

namespace dataflow::jobs {

Result<plan::Plan> compile_pipeline(const std::string& file, const std::string& text,
                                    const Variables& variables, plan::CustomOperators* custom) {
  DF_ASSIGN_OR_RETURN(plan::Plan plan, read_pipeline(file, text, variables));
  const Status valid = plan::validate(plan, custom);
  if (!valid.ok()) {
    const Status placed = in_file(file, text, valid);
    return placed.message().starts_with(file + ":") ? placed : with_file(file, valid);
  }
  return plan;
}

}  // namespace dataflow::jobs
