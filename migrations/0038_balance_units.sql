-- `/providers` shows what is left on each account, so the unit of the number has to stand beside it: `credits`, or the code of
-- the currency of whose hundredths it is. A replica of before leaves the column alone; until then the unit is not known.
alter table provider_funds add column unit text;
