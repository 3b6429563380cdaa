#include "in_zone.h"

#include <utility>

#include "columns.h"
#include "expr/time_zone.h"

namespace dataflow::expr {

namespace {

class InZone final : public Node {
 public:
  InZone(Nodes arguments, std::string zone)
      : Node(arguments[0]->type(), arguments[0]->nullable(), arguments), zone_(std::move(zone)) {}

  Result<ColumnPtr> evaluate(const Batch& batch, const Selection& selection,
                             EvalContext& context) const override {
    std::string around = std::exchange(context.time_zone, zone_);
    Result<ColumnPtr> value = arguments()[0]->evaluate(batch, selection, context);
    context.time_zone = std::move(around);
    return value;
  }

 private:
  const std::string zone_;
};

Result<NodePtr> in_zone(Nodes arguments, const CallSite& site) {
  const Value* const zone = arguments[0]->literal();
  if (zone == nullptr || zone->type().id() != TypeId::kString || zone->is_null()) {
    return site.fail("its zone is a literal");
  }
  const auto known = find_time_zone(zone->as_text());
  if (!known.ok()) return site.fail(known.status().message());
  // A value that hangs on no zone has been folded already.
  if (arguments[1]->literal() != nullptr) return arguments[1];
  std::string name(zone->as_text());
  return NodePtr(std::make_shared<InZone>(Nodes{arguments[1]}, std::move(name)));
}

}  // namespace

void add_in_zone(FunctionList& list) { list.push_back({{"$IN_ZONE", "", "", ""}, 2, 2, in_zone}); }

}  // namespace dataflow::expr
