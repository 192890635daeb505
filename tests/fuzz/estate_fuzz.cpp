// Any text as one file of an estate, or a good estate with some bytes of one
// file changed. What is taken must also be billable or refused with words.
#include "cloud/billing/adds_up.hpp"
#include "cloud/billing/bill_json.hpp"
#include "cloud/billing/bill_page.hpp"
#include "cloud/billing/bill_run.hpp"
#include "cloud/billing/explain.hpp"
#include "cloud/metering/estate_csv.hpp"
#include "tests/fuzz/fuzz_input.hpp"

using namespace steward;

namespace {

const EstateFiles good{
    {"estate.csv", "estate,name,utc_offset_minutes,vacant_account\nlake,x,480,landlord\n"},
    {"nodes.csv", "node,parent,kind,name\nlake,,estate,x\nf1,lake,floor,\n"},
    {"units.csv",
     "unit,node,kind,area_m2,persons,floor,coefficient,vehicles,group,owner\n101,f1,flat,60,6,1,1,1,,\n"
     "102,f1,shop,90.5,0,3,0.5,0,shops,zhao\n"},
    {"points.csv",
     "point,parent,medium,use,unit,tariff,name\ne,,electricity,master,,,\ne1,e,electricity,unit,101,home,\n"
     "e2,e,electricity,unit,102,bands,\n"},
    {"installs.csv",
     "point,meter,channel,from,to,multiplier,opening,closing,band\ne,M0,energy_import,2026-01-01,,3/2,0,,\n"
     "e1,M1,energy_import,2026-01-01,2026-06-10,1,0,2700,\ne1,M3,energy_import,2026-06-10,,1,0,,\n"
     "e2,M2,peak,2026-06-01,,1,70,,peak\ne2,M2,valley,2026-06-01,,1,100,,valley\n"},
    {"tariffs.csv",
     "tariff,medium,valid_from,period,tier,upto,price,persons_above,per_person,part_year\n"
     "home,electricity,2026-01-01,year,1,2760,0.538,4,100,months\nhome,electricity,2026-01-01,year,2,,0.588,,"
     ",months\n"
     "bands,electricity,2026-01-01,two_months,1,50,0,,,\nbands,electricity,2026-01-01,two_months,2,,0.05,,,\n"
     "shared,electricity,2026-01-01,month,1,,0.56,,,\n"},
    {"tou.csv", "tariff,valid_from,band,price\nbands,2026-01-01,peak,0.568\nbands,2026-01-01,valley,0.288\n"},
    {"fees.csv",
     "fee,node,group,valid_from,basis,period,price,name,vacant_percent\nclean,lake,,2026-01-01,area,quarter,"
     "2.8,,70\n"
     "clean,f1,shops,2026-01-01,persons,quarter,0.01,,\nkey,lake,,2026-01-01,unit,move_in,5,,\n"},
    {"charges.csv", "charge,unit,day,amount,name\nlock,101,2026-06-19,35.5,\n"},
    {"reductions.csv",
     "reduction,account,unit,item,percent,from,to,approved_by,approved_on,why\n"
     "old,wang,101,all,12.5,2026-01-01,,Li,2026-01-01,x\n"},
    {"pools.csv",
     "pool,point,node,basis,share,tariff,name,source,kind,medium,amount,formula,negative,tolerance_permille,"
     "vacant_percent\n"
     "light,e,f1,area:400000+usage:600000,money,shared,,residual,loss,,,,credit,30,70\n"
     "lift,,lake,formula,money,,,fixed,,,100.01,\"area * max(floor - 1, 0)\",,,50\n"
     "clean,,lake,persons,money,,,invoice,,,,,,,\n"},
    {"invoices.csv", "pool,month,amount,reference\nclean,2026-06,77.77,n1\n"},
    {"occupancies.csv", "unit,account,name,from,to\n101,wang,w,2026-01-01,2026-06-20\n"},
    {"carried.csv", "point,year,used\ne1,2025,12.5\n"},
    {"readings.csv",
     "meter,channel,at,value,source\nM0,energy_import,2026-06-01,300,manual\nM0,energy_import,2026-07-01,700,"
     "manual\n"
     "M1,energy_import,2026-06-01,2600,manual\nM3,energy_import,2026-06-20,5,manual\n"
     "M3,energy_import,2026-07-01,10,manual\nM2,peak,2026-07-01,100,manual\n"
     "M2,valley,2026-06-30T16:00:00Z,210,import\n"},
};

void bill(const Estate& estate) {
  const auto drawn = draw_up(estate, {}, Month{std::chrono::year{2026}, std::chrono::June});
  test::must(drawn.run.has_value() == drawn.problems.empty(), "a run or problems");
  if (!drawn.run) return;
  test::must(what_does_not_add_up(*drawn.run).empty(), "bills add up");
  for (const auto& one : drawn.run->bills) {
    const auto back = read_bill(bill_json(one).dump());
    test::must(back && *back == one, "a bill is read back as it was written");
    test::must(!bill_page(one).empty() && !explain(one, Language::zh).empty(), "a bill has words");
  }
}

}  // namespace

/// The estate the fuzzer changes must itself be billed, or it would explore refusals alone.
extern "C" int LLVMFuzzerInitialize(int*, char***) {
  Problems problems;
  const auto estate = read_estate(good, problems);
  test::must(estate.has_value(), "the good estate is taken");
  const auto drawn = draw_up(*estate, {}, Month{std::chrono::year{2026}, std::chrono::June});
  test::must(drawn.run.has_value(), "the good estate is billed");
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  test::FuzzInput input(data, size);
  auto files = good;
  auto place = files.begin();
  std::advance(place, input.octet() % files.size());
  const auto bytes = test::raw_or_edited(input, place->second);
  place->second.assign(bytes.begin(), bytes.end());
  Problems problems;
  const auto estate = read_estate(files, problems);
  test::must(estate.has_value() == problems.empty(), "an estate or problems");
  test::must(problems.size() <= 201, "problems are bounded");
  for (const auto& problem : problems)
    test::must(!problem.en.empty() && !problem.zh.empty(), "a problem has words");
  if (estate) bill(*estate);
  return 0;
}
