// What becomes of a job's state when its pipeline is given another plan.
#pragma once

#include <string>
#include <vector>

#include "base/env.h"
#include "base/status.h"
#include "plan/plan.h"

namespace dataflow::jobs {

// The operators of `before` that have state and are gone, and kDeadLetterNode where the dead
// letters go elsewhere. kConflict if a node that stays cannot take its state: it names the node,
// with its place, and the ways out. Both plans are validated.
Result<std::vector<std::string>> dropped_by(const plan::Plan& before, const plan::Plan& after);

// The plan that a job's state is of, validated.
Result<plan::Plan> plan_of_state(Env& env, const std::string& state_dir);

// kConflict if state is to be dropped and a checkpoint has promised output, to whomever, that may
// not be delivered yet.
Status check_delivered(Env& env, const std::string& state_dir,
                       const std::vector<std::string>& operators);

// Takes their state out of the job's, and what it remembers of output: all of that is delivered.
// The counts of dead letters stay, and what is left is the state of `plan_json`. Doing it twice
// does no harm. No job runs meanwhile.
Status drop_operators(Env& env, const std::string& state_dir,
                      const std::vector<std::string>& operators, const std::string& plan_json);

}  // namespace dataflow::jobs
