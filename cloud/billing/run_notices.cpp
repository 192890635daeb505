#include <set>
#include <string>

#include "cloud/billing/month_work.hpp"

namespace steward {

void note_removal(MonthWork& work, const PointId& point) {
  const auto& last = work.estate.installs.at(point).back();
  if (!last.to || *last.to >= work.to) return;
  work.run.notices.push_back(
      {"point " + point.text + " has no meter since " + text_of(*last.to) +
           "; when it was exchanged, add the new meter to installs.csv before you issue",
       "计量点 " + point.text + " 自 " + text_of(*last.to) +
           " 起没有装表；如为换表，请先在 installs.csv 中登记新表再出账"});
}

void note_no_weight(MonthWork& work, const PoolStatement& statement, const PoolTerm& term) {
  const auto basis = std::string(word(term.basis));
  const bool all = statement.terms.size() == 1;
  work.run.notices.push_back({"pool " + statement.id.text + ": no unit has weight (" + basis +
                                  "), the vacant account bears all of " + (all ? "it" : "that part"),
                              "公摊 " + statement.id.text + "：没有房屋参与分摊（" + basis + "），" +
                                  (all ? "全部" : "该部分") + "由空置账户承担"});
}

void note_residuals(MonthWork& work) {
  std::set<PointId> shared;
  for (const auto& [id, pool] : work.estate.pools) shared.insert(pool.point);
  for (const auto& found : work.run.residuals) {
    const auto& point = work.estate.points.at(found.point);
    const auto quantity = [&](Milli count) {
      return grouped_decimal_text(count.count, 3) + " " + std::string(priced_unit(point.medium));
    };
    if (found.clamped.count > 0) {
      const auto below = quantity(found.clamped);
      work.run.notices.push_back(
          {"point " + found.point.text + ": its children counted " + below +
               " more than itself, within the tolerance; its residual is taken as zero",
           "计量点 " + found.point.text + "：下级合计多出 " + below + "，在容差之内，剩余量按零处理"});
    } else if (found.residual.count < 0) {
      const auto below = quantity(-found.residual);
      work.run.notices.push_back(
          {"point " + found.point.text + ": its children counted " + below +
               " more than itself, within the tolerance; it is given back by its pool",
           "计量点 " + found.point.text + "：下级合计多出 " + below + "，在容差之内，由公摊退还"});
    } else if (found.residual.count > 0 && point.use != PointUse::unit && !shared.contains(found.point)) {
      const auto left = quantity(found.residual);
      work.run.notices.push_back(
          {"point " + found.point.text + ": " + left + " are in no pool and billed to nobody",
           "计量点 " + found.point.text + "：" + left + " 未设公摊，未向任何人计费"});
    }
  }
}

}  // namespace steward
