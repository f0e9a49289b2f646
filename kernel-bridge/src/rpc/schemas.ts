/* Written by tools/protocol.mjs from schema/protocol: change it there. */

/** `common.json`, the words every message refers to. */
export const COMMON_SCHEMA =
  '{"$schema":"http://json-schema.org/draft-07/schema#","$id":"common.json","title":"Words of the protocol","$defs":{"Lsn":{"type":"integer","minimum":0},"Ref":{"type":"string"},"Instant":{"type":"string"},"ClusterTime":{"type":"object","properties":{"t":{"type":"integer","minimum":0},"i":{"type":"integer","minimum":0}},"required":["t","i"],"additionalProperties":false},"ExtendedJson":{},"FieldPath":{"type":"array","items":{"anyOf":[{"type":"string"},{"type":"integer","minimum":0}]}},"Value":{"type":"object","properties":{"missing":{"type":"boolean"},"type":{"type":"string"},"value":{"$ref":"common.json#/$defs/ExtendedJson"}},"required":[],"additionalProperties":false},"Origin":{"type":"object","properties":{"actor":{"type":"string"},"session":{"type":"string"},"notebook":{"type":"string"},"cell":{"type":"string"},"cellNumber":{"type":"integer","minimum":0}},"required":["actor"],"additionalProperties":false},"Project":{"type":"object","properties":{"name":{"type":"string"},"head":{"$ref":"common.json#/$defs/Lsn"},"defaultBranch":{"type":"string"},"createdAt":{"$ref":"common.json#/$defs/Instant"}},"required":["name","head","defaultBranch","createdAt"],"additionalProperties":false},"Fork":{"type":"object","properties":{"timeline":{"type":"integer","minimum":0},"branch":{"type":"string"},"lsn":{"$ref":"common.json#/$defs/Lsn"}},"required":["timeline","lsn"],"additionalProperties":false},"Branch":{"type":"object","properties":{"name":{"type":"string"},"timeline":{"type":"integer","minimum":0},"head":{"$ref":"common.json#/$defs/Lsn"},"headAt":{"$ref":"common.json#/$defs/Instant"},"createdAt":{"$ref":"common.json#/$defs/Instant"},"isDefault":{"type":"boolean"},"isProtected":{"type":"boolean"},"fork":{"$ref":"common.json#/$defs/Fork"},"backupOf":{"type":"string"},"expiresAt":{"$ref":"common.json#/$defs/Instant"},"ahead":{"type":"integer","minimum":0},"behind":{"type":"integer","minimum":0},"mergedAt":{"$ref":"common.json#/$defs/Lsn"},"checks":{"type":"array","items":{"type":"string"}}},"required":["name","timeline","head","headAt","createdAt","isDefault","isProtected","ahead","behind"],"additionalProperties":false},"State":{"type":"object","properties":{"project":{"type":"string"},"ref":{"type":"string"},"branch":{"type":"string"},"timeline":{"type":"integer","minimum":0},"lsn":{"$ref":"common.json#/$defs/Lsn"},"time":{"$ref":"common.json#/$defs/Instant"},"clusterTime":{"$ref":"common.json#/$defs/ClusterTime"},"writable":{"type":"boolean"},"snappedFrom":{"$ref":"common.json#/$defs/Lsn"},"database":{"type":"string"}},"required":["project","ref","timeline","lsn","time","clusterTime","writable","database"],"additionalProperties":false},"Index":{"type":"object","properties":{"name":{"type":"string"},"key":{"$ref":"common.json#/$defs/ExtendedJson"},"unique":{"type":"boolean"},"sparse":{"type":"boolean"}},"required":["name","key","unique","sparse"],"additionalProperties":false},"Collection":{"type":"object","properties":{"name":{"type":"string"},"count":{"type":"integer","minimum":0},"digest":{"type":"string"},"indexes":{"type":"array","items":{"$ref":"common.json#/$defs/Index"}},"options":{"$ref":"common.json#/$defs/ExtendedJson"}},"required":["name","count","digest","indexes","options"],"additionalProperties":false},"CatalogChange":{"type":"object","properties":{"op":{"type":"string"},"collection":{"type":"string"},"index":{"type":"string"}},"required":["op","collection"],"additionalProperties":false},"Entry":{"type":"object","properties":{"firstLsn":{"$ref":"common.json#/$defs/Lsn"},"lastLsn":{"$ref":"common.json#/$defs/Lsn"},"timeline":{"type":"integer","minimum":0},"branch":{"type":"string"},"kind":{"enum":["writes","catalog","merge","undo","import","pick","restore"]},"inserts":{"type":"integer","minimum":0},"updates":{"type":"integer","minimum":0},"deletes":{"type":"integer","minimum":0},"collections":{"type":"array","items":{"type":"string"}},"catalog":{"type":"array","items":{"$ref":"common.json#/$defs/CatalogChange"}},"origin":{"$ref":"common.json#/$defs/Origin"},"firstAt":{"$ref":"common.json#/$defs/Instant"},"lastAt":{"$ref":"common.json#/$defs/Instant"},"merge":{"type":"object","properties":{"source":{"type":"string"},"sourceTimeline":{"type":"integer","minimum":0},"sourceLsn":{"$ref":"common.json#/$defs/Lsn"}},"required":["source","sourceTimeline","sourceLsn"],"additionalProperties":false},"undo":{"type":"object","properties":{"what":{"type":"string"},"firstLsn":{"$ref":"common.json#/$defs/Lsn"},"lastLsn":{"$ref":"common.json#/$defs/Lsn"}},"required":["what","firstLsn","lastLsn"],"additionalProperties":false},"pick":{"type":"object","properties":{"what":{"type":"string"},"firstLsn":{"$ref":"common.json#/$defs/Lsn"},"lastLsn":{"$ref":"common.json#/$defs/Lsn"}},"required":["what","firstLsn","lastLsn"],"additionalProperties":false},"restore":{"type":"object","properties":{"what":{"type":"string"},"firstLsn":{"$ref":"common.json#/$defs/Lsn"},"lastLsn":{"$ref":"common.json#/$defs/Lsn"}},"required":["what","firstLsn","lastLsn"],"additionalProperties":false}},"required":["firstLsn","lastLsn","timeline","kind","inserts","updates","deletes","collections","catalog","origin","firstAt","lastAt"],"additionalProperties":false},"Timeline":{"type":"object","properties":{"id":{"type":"integer","minimum":0},"parent":{"type":"integer","minimum":0},"forkLsn":{"$ref":"common.json#/$defs/Lsn"},"head":{"$ref":"common.json#/$defs/Lsn"},"branch":{"type":"string"}},"required":["id","forkLsn","head"],"additionalProperties":false},"Change":{"type":"object","properties":{"lsn":{"$ref":"common.json#/$defs/Lsn"},"timeline":{"type":"integer","minimum":0},"branch":{"type":"string"},"collection":{"type":"string"},"id":{"$ref":"common.json#/$defs/ExtendedJson"},"op":{"enum":["insert","update","delete"]},"time":{"$ref":"common.json#/$defs/Instant"},"origin":{"$ref":"common.json#/$defs/Origin"},"before":{"$ref":"common.json#/$defs/ExtendedJson"},"after":{"$ref":"common.json#/$defs/ExtendedJson"},"fields":{"type":"array","items":{"$ref":"common.json#/$defs/FieldChange"}},"kind":{"enum":["writes","catalog","merge","undo","import","pick","restore"]},"catalog":{"type":"boolean"},"txn":{"type":"string"},"groupLast":{"$ref":"common.json#/$defs/Lsn"}},"required":["lsn","timeline","collection","id","op","time","origin","fields"],"additionalProperties":false},"Blame":{"type":"object","properties":{"path":{"$ref":"common.json#/$defs/FieldPath"},"value":{"$ref":"common.json#/$defs/Value"},"lsn":{"$ref":"common.json#/$defs/Lsn"},"timeline":{"type":"integer","minimum":0},"branch":{"type":"string"},"exact":{"type":"boolean"},"time":{"$ref":"common.json#/$defs/Instant"},"origin":{"$ref":"common.json#/$defs/Origin"},"txn":{"type":"string"},"runs":{"type":"array","items":{"type":"string"}}},"required":["path","value","lsn","timeline","exact","time","origin","runs"],"additionalProperties":false},"FieldChange":{"type":"object","properties":{"path":{"$ref":"common.json#/$defs/FieldPath"},"before":{"$ref":"common.json#/$defs/Value"},"after":{"$ref":"common.json#/$defs/Value"}},"required":["path","before","after"],"additionalProperties":false},"DocumentDiff":{"type":"object","properties":{"collection":{"type":"string"},"id":{"$ref":"common.json#/$defs/ExtendedJson"},"op":{"enum":["insert","update","delete"]},"fields":{"type":"array","items":{"$ref":"common.json#/$defs/FieldChange"}},"before":{"$ref":"common.json#/$defs/ExtendedJson"},"after":{"$ref":"common.json#/$defs/ExtendedJson"}},"required":["collection","id","op","fields"],"additionalProperties":false},"DiffSummary":{"type":"object","properties":{"collection":{"type":"string"},"added":{"type":"integer","minimum":0},"changed":{"type":"integer","minimum":0},"deleted":{"type":"integer","minimum":0}},"required":["collection","added","changed","deleted"],"additionalProperties":false},"Diff":{"type":"object","properties":{"from":{"$ref":"common.json#/$defs/State"},"to":{"$ref":"common.json#/$defs/State"},"summary":{"type":"array","items":{"$ref":"common.json#/$defs/DiffSummary"}},"catalog":{"type":"array","items":{"$ref":"common.json#/$defs/CatalogChange"}},"documents":{"type":"array","items":{"$ref":"common.json#/$defs/DocumentDiff"}},"next":{"type":"string"}},"required":["from","to","summary","catalog","documents"],"additionalProperties":false},"Answer":{"type":"object","properties":{"take":{"enum":["ours","theirs","base"]},"value":{"$ref":"common.json#/$defs/ExtendedJson"},"missing":{"type":"boolean"}},"required":[],"additionalProperties":false},"AnswerRule":{"type":"object","properties":{"take":{"enum":["ours","theirs","base","newest"]},"collection":{"type":"string"},"path":{"$ref":"common.json#/$defs/FieldPath"}},"required":["take"],"additionalProperties":false},"Conflict":{"type":"object","properties":{"id":{"type":"string"},"collection":{"type":"string"},"document":{"$ref":"common.json#/$defs/ExtendedJson"},"path":{"$ref":"common.json#/$defs/FieldPath"},"base":{"$ref":"common.json#/$defs/Value"},"ours":{"$ref":"common.json#/$defs/Value"},"theirs":{"$ref":"common.json#/$defs/Value"},"answer":{"$ref":"common.json#/$defs/Answer"}},"required":["id","collection","document","path","base","ours","theirs"],"additionalProperties":false},"PlanSummary":{"type":"object","properties":{"collection":{"type":"string"},"added":{"type":"integer","minimum":0},"changed":{"type":"integer","minimum":0},"deleted":{"type":"integer","minimum":0},"conflicts":{"type":"integer","minimum":0}},"required":["collection","added","changed","deleted","conflicts"],"additionalProperties":false},"CheckResult":{"type":"object","properties":{"name":{"type":"string"},"passed":{"type":"boolean"},"detail":{"type":"string"},"by":{"type":"string"},"at":{"$ref":"common.json#/$defs/Instant"}},"required":["name","passed","by","at"],"additionalProperties":false},"Plan":{"type":"object","properties":{"id":{"type":"string"},"kind":{"enum":["merge","pick","undo","restore"]},"state":{"enum":["open","applied","stale"]},"project":{"type":"string"},"into":{"type":"string"},"intoLsn":{"$ref":"common.json#/$defs/Lsn"},"source":{"type":"string"},"sourceLsn":{"$ref":"common.json#/$defs/Lsn"},"base":{"type":"string"},"summary":{"type":"array","items":{"$ref":"common.json#/$defs/PlanSummary"}},"conflicts":{"type":"integer","minimum":0},"unanswered":{"type":"integer","minimum":0},"createdAt":{"$ref":"common.json#/$defs/Instant"},"appliedAs":{"type":"object","properties":{"firstLsn":{"$ref":"common.json#/$defs/Lsn"},"lastLsn":{"$ref":"common.json#/$defs/Lsn"}},"required":["firstLsn","lastLsn"],"additionalProperties":false},"backup":{"type":"string"},"checks":{"type":"array","items":{"$ref":"common.json#/$defs/CheckResult"}}},"required":["id","kind","state","project","into","intoLsn","source","base","summary","conflicts","unanswered","createdAt"],"additionalProperties":false},"Pin":{"type":"object","properties":{"name":{"type":"string"},"ref":{"type":"string"},"timeline":{"type":"integer","minimum":0},"lsn":{"$ref":"common.json#/$defs/Lsn"},"createdAt":{"$ref":"common.json#/$defs/Instant"},"origin":{"$ref":"common.json#/$defs/Origin"}},"required":["name","ref","timeline","lsn","createdAt","origin"],"additionalProperties":false},"CellActivity":{"type":"object","properties":{"cell":{"type":"string"},"cellNumber":{"type":"integer","minimum":0},"startedAt":{"$ref":"common.json#/$defs/Instant"},"finishedAt":{"$ref":"common.json#/$defs/Instant"},"reads":{"type":"array","items":{"type":"object","properties":{"project":{"type":"string"},"ref":{"type":"string"},"collection":{"type":"string"},"documents":{"type":"integer","minimum":0},"lsn":{"$ref":"common.json#/$defs/Lsn"},"branch":{"type":"string"},"base":{"type":"object","properties":{"branch":{"type":"string"},"lsn":{"$ref":"common.json#/$defs/Lsn"}},"required":["branch","lsn"],"additionalProperties":false},"digest":{"type":"string"}},"required":["ref","collection","documents","lsn","digest"],"additionalProperties":false}},"writes":{"type":"array","items":{"type":"object","properties":{"project":{"type":"string"},"branch":{"type":"string"},"collection":{"type":"string"},"firstLsn":{"$ref":"common.json#/$defs/Lsn"},"lastLsn":{"$ref":"common.json#/$defs/Lsn"},"inserts":{"type":"integer","minimum":0},"updates":{"type":"integer","minimum":0},"deletes":{"type":"integer","minimum":0},"fate":{"type":"string","enum":["undone","gone"]}},"required":["branch","collection","firstLsn","lastLsn","inserts","updates","deletes"],"additionalProperties":false}},"runs":{"type":"array","items":{"type":"string"}}},"required":["cell","startedAt","reads","writes","runs"],"additionalProperties":false},"Session":{"type":"object","properties":{"id":{"type":"string"},"kernel":{"type":"string"},"notebook":{"type":"string"},"actor":{"type":"string"},"project":{"type":"string"},"branch":{"type":"string"},"ref":{"type":"string"},"lsn":{"$ref":"common.json#/$defs/Lsn"},"writable":{"type":"boolean"},"ahead":{"type":"integer","minimum":0},"behind":{"type":"integer","minimum":0},"database":{"type":"string"},"connected":{"type":"boolean"},"cell":{"type":"string"},"openedAt":{"$ref":"common.json#/$defs/Instant"}},"required":["id","actor","writable","connected","openedAt"],"additionalProperties":false},"Run":{"type":"object","properties":{"id":{"type":"string"},"project":{"type":"string"},"branch":{"type":"string"},"branchNow":{"type":"string","enum":["gone","another"]},"timeline":{"type":"integer","minimum":0},"lsn":{"$ref":"common.json#/$defs/Lsn"},"digest":{"type":"string"},"createdAt":{"$ref":"common.json#/$defs/Instant"},"facts":{"type":"object","additionalProperties":{"type":"string"}},"releasedAt":{"$ref":"common.json#/$defs/Instant"}},"required":["id","project","timeline","lsn","digest","createdAt","facts"],"additionalProperties":false},"Error":{"type":"object","properties":{"code":{"type":"integer","minimum":0},"message":{"type":"string"},"data":{"type":"object","properties":{"code":{"type":"string"},"data":{"type":"object"}},"required":["code"],"additionalProperties":false}},"required":["code","message","data"],"additionalProperties":false},"GcReason":{"enum":["log","changes","time","deleted"]},"Keeper":{"type":"object","properties":{"automatic":{"type":"boolean"},"running":{"type":"boolean"},"waits":{"$ref":"common.json#/$defs/GcReason"},"last":{"type":"object","properties":{"at":{"type":"string"},"reason":{"$ref":"common.json#/$defs/GcReason"},"logBytes":{"type":"integer"},"stateBytes":{"type":"integer","minimum":0}},"required":["at","reason","logBytes","stateBytes"],"additionalProperties":false},"failed":{"type":"string"}},"required":["automatic","running"],"additionalProperties":false},"Storage":{"type":"object","properties":{"logBytes":{"type":"integer","minimum":0},"coldBytes":{"type":"integer","minimum":0},"stateBytes":{"type":"integer","minimum":0},"stateFreeBytes":{"type":"integer","minimum":0},"imageBytes":{"type":"integer","minimum":0},"liveBytes":{"type":"integer","minimum":0}},"required":["logBytes","coldBytes","stateBytes","stateFreeBytes","imageBytes","liveBytes"],"additionalProperties":false},"LineageData":{"type":"object","properties":{"key":{"type":"string"},"ref":{"type":"string"},"branch":{"type":"string"},"timeline":{"type":"integer","minimum":0},"lsn":{"$ref":"common.json#/$defs/Lsn"},"digest":{"type":"string"},"pins":{"type":"array","items":{"type":"string"}},"documents":{"type":"integer","minimum":0},"collections":{"type":"array","items":{"type":"object","properties":{"name":{"type":"string"},"count":{"type":"integer","minimum":0}},"required":["name","count"],"additionalProperties":false}},"gone":{"type":"boolean"}},"required":["key","ref","timeline","lsn","pins"],"additionalProperties":false},"LineageCell":{"type":"object","properties":{"key":{"type":"string"},"data":{"type":"array","items":{"type":"string"}},"notebook":{"type":"string"},"cell":{"type":"string"},"cellNumber":{"type":"integer","minimum":0}},"required":["key","data"],"additionalProperties":false},"LineageRun":{"type":"object","properties":{"key":{"type":"string"},"data":{"type":"string"},"cell":{"type":"string"},"run":{"$ref":"common.json#/$defs/Run"}},"required":["key","data","run"],"additionalProperties":false},"LineageModel":{"type":"object","properties":{"key":{"type":"string"},"run":{"type":"string"},"name":{"type":"string"},"version":{"type":"string"},"aliases":{"type":"array","items":{"type":"string"}}},"required":["key","run","name","aliases"],"additionalProperties":false},"Lineage":{"type":"object","properties":{"project":{"type":"string"},"head":{"$ref":"common.json#/$defs/Lsn"},"total":{"type":"integer","minimum":0},"branches":{"type":"array","items":{"type":"string"}},"data":{"type":"array","items":{"$ref":"common.json#/$defs/LineageData"}},"cells":{"type":"array","items":{"$ref":"common.json#/$defs/LineageCell"}},"runs":{"type":"array","items":{"$ref":"common.json#/$defs/LineageRun"}},"models":{"type":"array","items":{"$ref":"common.json#/$defs/LineageModel"}},"next":{"type":"string"}},"required":["project","head","total","branches","data","cells","runs","models"],"additionalProperties":false}}}';

/** Params of each method, as JSON text. */
export const PARAMS_SCHEMAS: Readonly<Record<string, string>> = {
  'branch.list':
    '{"type":"object","properties":{"project":{"type":"string"},"search":{"type":"string"},"letters":{"type":"string"},"after":{"type":"string"},"limit":{"type":"integer","minimum":0}},"required":["project"],"additionalProperties":false}',
  'branch.get':
    '{"type":"object","properties":{"project":{"type":"string"},"name":{"type":"string"}},"required":["project","name"],"additionalProperties":false}',
  'branch.create':
    '{"type":"object","properties":{"project":{"type":"string"},"name":{"type":"string"},"from":{"$ref":"common.json#/$defs/Ref"},"ensure":{"type":"boolean"},"ttlSeconds":{"type":"integer","minimum":0},"session":{"type":"string"}},"required":["project","name"],"additionalProperties":false}',
  'branch.rename':
    '{"type":"object","properties":{"project":{"type":"string"},"name":{"type":"string"},"to":{"type":"string"},"session":{"type":"string"}},"required":["project","name","to"],"additionalProperties":false}',
  'branch.protect':
    '{"type":"object","properties":{"project":{"type":"string"},"name":{"type":"string"},"protect":{"type":"boolean"},"checks":{"type":"array","items":{"type":"string"}},"session":{"type":"string"}},"required":["project","name","protect"],"additionalProperties":false}',
  'branch.delete':
    '{"type":"object","properties":{"project":{"type":"string"},"name":{"type":"string"},"session":{"type":"string"}},"required":["project","name"],"additionalProperties":false}',
  hello:
    '{"type":"object","properties":{"client":{"type":"object","properties":{"kind":{"enum":["kernel","page","cli","script","server"]},"version":{"type":"string"}},"required":["kind","version"],"additionalProperties":false},"protocol":{"type":"integer","minimum":0}},"required":["client","protocol"],"additionalProperties":false}',
  status: '{"type":"object","properties":{},"required":[],"additionalProperties":false}',
  subscribe:
    '{"type":"object","properties":{"project":{"type":"string"}},"required":[],"additionalProperties":false}',
  unsubscribe:
    '{"type":"object","properties":{"subscription":{"type":"string"}},"required":["subscription"],"additionalProperties":false}',
  shutdown: '{"type":"object","properties":{},"required":[],"additionalProperties":false}',
  'documents.find':
    '{"type":"object","properties":{"project":{"type":"string"},"ref":{"$ref":"common.json#/$defs/Ref"},"collection":{"type":"string"},"filter":{"$ref":"common.json#/$defs/ExtendedJson"},"sort":{"$ref":"common.json#/$defs/ExtendedJson"},"projection":{"$ref":"common.json#/$defs/ExtendedJson"},"after":{"type":"string"},"limit":{"type":"integer","minimum":1},"request":{"type":"string","maxLength":64}},"required":["project","ref","collection"],"additionalProperties":false}',
  'documents.count':
    '{"type":"object","properties":{"project":{"type":"string"},"ref":{"$ref":"common.json#/$defs/Ref"},"collection":{"type":"string"},"filter":{"$ref":"common.json#/$defs/ExtendedJson"},"most":{"type":"integer","minimum":1},"request":{"type":"string","maxLength":64}},"required":["project","ref","collection"],"additionalProperties":false}',
  'documents.compare':
    '{"type":"object","properties":{"project":{"type":"string"},"from":{"$ref":"common.json#/$defs/Ref"},"to":{"$ref":"common.json#/$defs/Ref"},"collection":{"type":"string"},"filter":{"$ref":"common.json#/$defs/ExtendedJson"},"after":{"type":"string"},"limit":{"type":"integer","minimum":1},"request":{"type":"string","maxLength":64}},"required":["project","from","to","collection"],"additionalProperties":false}',
  'documents.statistics':
    '{"type":"object","properties":{"project":{"type":"string"},"ref":{"$ref":"common.json#/$defs/Ref"},"collection":{"type":"string"},"request":{"type":"string","maxLength":64}},"required":["project","ref","collection"],"additionalProperties":false}',
  'documents.cancel':
    '{"type":"object","properties":{"request":{"type":"string"}},"required":["request"],"additionalProperties":false}',
  'ref.resolve':
    '{"type":"object","properties":{"project":{"type":"string"},"ref":{"$ref":"common.json#/$defs/Ref"}},"required":["project","ref"],"additionalProperties":false}',
  'ref.collections':
    '{"type":"object","properties":{"project":{"type":"string"},"ref":{"$ref":"common.json#/$defs/Ref"}},"required":["project","ref"],"additionalProperties":false}',
  log: '{"type":"object","properties":{"project":{"type":"string"},"ref":{"$ref":"common.json#/$defs/Ref"},"before":{"$ref":"common.json#/$defs/Lsn"},"limit":{"type":"integer","minimum":0}},"required":["project"],"additionalProperties":false}',
  changes:
    '{"type":"object","properties":{"project":{"type":"string"},"timeline":{"type":"integer","minimum":0},"firstLsn":{"$ref":"common.json#/$defs/Lsn"},"lastLsn":{"$ref":"common.json#/$defs/Lsn"},"limit":{"type":"integer","minimum":0},"after":{"$ref":"common.json#/$defs/Lsn"}},"required":["project","timeline","firstLsn","lastLsn"],"additionalProperties":false}',
  feed: '{"type":"object","properties":{"project":{"type":"string"},"after":{"$ref":"common.json#/$defs/Lsn"},"branch":{"type":"string"},"collection":{"type":"string"},"limit":{"type":"integer","minimum":1},"waitMs":{"type":"integer","minimum":0}},"required":["project","after"],"additionalProperties":false}',
  history:
    '{"type":"object","properties":{"project":{"type":"string"},"ref":{"$ref":"common.json#/$defs/Ref"},"collection":{"type":"string"},"id":{"$ref":"common.json#/$defs/ExtendedJson"},"limit":{"type":"integer","minimum":0},"before":{"$ref":"common.json#/$defs/Lsn"},"after":{"$ref":"common.json#/$defs/Lsn"}},"required":["project","ref","collection","id"],"additionalProperties":false}',
  blame:
    '{"type":"object","properties":{"project":{"type":"string"},"ref":{"$ref":"common.json#/$defs/Ref"},"collection":{"type":"string"},"id":{"$ref":"common.json#/$defs/ExtendedJson"},"path":{"$ref":"common.json#/$defs/FieldPath"},"after":{"type":"integer","minimum":0},"limit":{"type":"integer","minimum":0}},"required":["project","ref","collection","id"],"additionalProperties":false}',
  diff: '{"type":"object","properties":{"project":{"type":"string"},"from":{"$ref":"common.json#/$defs/Ref"},"to":{"$ref":"common.json#/$defs/Ref"},"collection":{"type":"string"},"after":{"type":"string"},"limit":{"type":"integer","minimum":0}},"required":["project","from","to"],"additionalProperties":false}',
  'keeping.gc':
    '{"type":"object","properties":{"project":{"type":"string"},"apply":{"type":"boolean"},"keepSeconds":{"type":"integer","minimum":0},"keepLsns":{"type":"integer","minimum":0}},"required":[],"additionalProperties":false}',
  'keeping.retention':
    '{"type":"object","properties":{"project":{"type":"string"},"branch":{"type":"string"}},"required":["project"],"additionalProperties":false}',
  'keeping.setRetention':
    '{"type":"object","properties":{"project":{"type":"string"},"branch":{"type":"string"},"keepSeconds":{"type":"integer","minimum":0},"keepLsns":{"type":"integer","minimum":0},"session":{"type":"string"}},"required":["project"],"additionalProperties":false}',
  'keeping.verify':
    '{"type":"object","properties":{"limit":{"type":"integer","minimum":1,"maximum":1000}},"required":[],"additionalProperties":false}',
  'keeping.backup':
    '{"type":"object","properties":{"folder":{"type":"string"}},"required":["folder"],"additionalProperties":false}',
  'keeping.automatic':
    '{"type":"object","properties":{"enabled":{"type":"boolean"}},"required":[],"additionalProperties":false}',
  'keeping.compact': '{"type":"object","properties":{},"required":[],"additionalProperties":false}',
  'lineage.graph':
    '{"type":"object","properties":{"project":{"type":"string"},"branch":{"type":"string"},"firstLsn":{"$ref":"common.json#/$defs/Lsn"},"lastLsn":{"$ref":"common.json#/$defs/Lsn"},"digest":{"type":"string"},"search":{"type":"string"},"run":{"type":"string"},"after":{"type":"string"},"limit":{"type":"integer","minimum":0}},"required":["project"],"additionalProperties":false}',
  'pin.create':
    '{"type":"object","properties":{"project":{"type":"string"},"name":{"type":"string"},"ref":{"$ref":"common.json#/$defs/Ref"},"ensure":{"type":"boolean"},"session":{"type":"string"}},"required":["project","name","ref"],"additionalProperties":false}',
  'pin.list':
    '{"type":"object","properties":{"project":{"type":"string"}},"required":["project"],"additionalProperties":false}',
  'pin.delete':
    '{"type":"object","properties":{"project":{"type":"string"},"name":{"type":"string"},"session":{"type":"string"}},"required":["project","name"],"additionalProperties":false}',
  'merge.plan':
    '{"type":"object","properties":{"project":{"type":"string"},"source":{"$ref":"common.json#/$defs/Ref"},"into":{"type":"string"},"session":{"type":"string"}},"required":["project","source","into"],"additionalProperties":false}',
  'pick.plan':
    '{"type":"object","properties":{"project":{"type":"string"},"source":{"$ref":"common.json#/$defs/Ref"},"into":{"type":"string"},"firstLsn":{"$ref":"common.json#/$defs/Lsn"},"lastLsn":{"$ref":"common.json#/$defs/Lsn"},"cell":{"type":"string"},"cellNumber":{"type":"integer","minimum":0},"actor":{"type":"string"},"txn":{"type":"string"},"session":{"type":"string"}},"required":["project","source","into"],"additionalProperties":false}',
  'undo.plan':
    '{"type":"object","properties":{"project":{"type":"string"},"branch":{"type":"string"},"firstLsn":{"$ref":"common.json#/$defs/Lsn"},"lastLsn":{"$ref":"common.json#/$defs/Lsn"},"cell":{"type":"string"},"cellNumber":{"type":"integer","minimum":0},"actor":{"type":"string"},"txn":{"type":"string"},"session":{"type":"string"}},"required":["project","branch"],"additionalProperties":false}',
  'plan.get':
    '{"type":"object","properties":{"project":{"type":"string"},"id":{"type":"string"}},"required":["project","id"],"additionalProperties":false}',
  'plan.list':
    '{"type":"object","properties":{"project":{"type":"string"},"state":{"type":"string"},"limit":{"type":"integer","minimum":0}},"required":["project"],"additionalProperties":false}',
  'plan.conflicts':
    '{"type":"object","properties":{"project":{"type":"string"},"id":{"type":"string"},"after":{"type":"string"},"limit":{"type":"integer","minimum":0}},"required":["project","id"],"additionalProperties":false}',
  'plan.documents':
    '{"type":"object","properties":{"project":{"type":"string"},"id":{"type":"string"},"after":{"type":"string"},"limit":{"type":"integer","minimum":0}},"required":["project","id"],"additionalProperties":false}',
  'plan.answer':
    '{"type":"object","properties":{"project":{"type":"string"},"id":{"type":"string"},"answers":{"type":"array","items":{"type":"object","properties":{"conflict":{"type":"string"},"answer":{"anyOf":[{"$ref":"common.json#/$defs/Answer"},{"type":"null"}]}},"required":["conflict","answer"],"additionalProperties":false}},"all":{"enum":["ours","theirs"]},"rules":{"type":"array","items":{"$ref":"common.json#/$defs/AnswerRule"}}},"required":["project","id"],"additionalProperties":false}',
  'plan.check':
    '{"type":"object","properties":{"project":{"type":"string"},"id":{"type":"string"},"name":{"type":"string"},"passed":{"type":"boolean"},"detail":{"type":"string"},"session":{"type":"string"}},"required":["project","id","name","passed"],"additionalProperties":false}',
  'plan.again':
    '{"type":"object","properties":{"project":{"type":"string"},"id":{"type":"string"},"session":{"type":"string"}},"required":["project","id"],"additionalProperties":false}',
  'plan.apply':
    '{"type":"object","properties":{"project":{"type":"string"},"id":{"type":"string"},"session":{"type":"string"}},"required":["project","id"],"additionalProperties":false}',
  'restore.preview':
    '{"type":"object","properties":{"project":{"type":"string"},"branch":{"type":"string"},"to":{"$ref":"common.json#/$defs/Ref"},"limit":{"type":"integer","minimum":0}},"required":["project","branch","to"],"additionalProperties":false}',
  'restore.plan':
    '{"type":"object","properties":{"project":{"type":"string"},"branch":{"type":"string"},"to":{"$ref":"common.json#/$defs/Ref"},"collection":{"type":"string"},"ids":{"type":"array","items":{"$ref":"common.json#/$defs/ExtendedJson"}},"session":{"type":"string"}},"required":["project","branch","to"],"additionalProperties":false}',
  'restore.apply':
    '{"type":"object","properties":{"project":{"type":"string"},"branch":{"type":"string"},"to":{"$ref":"common.json#/$defs/Ref"},"session":{"type":"string"}},"required":["project","branch","to"],"additionalProperties":false}',
  'project.list': '{"type":"object","properties":{},"required":[],"additionalProperties":false}',
  'project.create':
    '{"type":"object","properties":{"name":{"type":"string"},"ensure":{"type":"boolean"},"session":{"type":"string"}},"required":["name"],"additionalProperties":false}',
  'project.delete':
    '{"type":"object","properties":{"name":{"type":"string"},"confirm":{"type":"string"},"session":{"type":"string"}},"required":["name","confirm"],"additionalProperties":false}',
  'run.register':
    '{"type":"object","properties":{"project":{"type":"string"},"run":{"type":"string"},"ref":{"$ref":"common.json#/$defs/Ref"},"session":{"type":"string"},"facts":{"type":"object","additionalProperties":{"type":"string"}}},"required":["project","run","ref"],"additionalProperties":false}',
  'run.update':
    '{"type":"object","properties":{"project":{"type":"string"},"run":{"type":"string"},"facts":{"type":"object","additionalProperties":{"type":"string"}}},"required":["project","run","facts"],"additionalProperties":false}',
  'run.release':
    '{"type":"object","properties":{"project":{"type":"string"},"run":{"type":"string"}},"required":["project","run"],"additionalProperties":false}',
  'run.get':
    '{"type":"object","properties":{"run":{"type":"string"}},"required":["run"],"additionalProperties":false}',
  'run.list':
    '{"type":"object","properties":{"project":{"type":"string"},"branch":{"type":"string"},"firstLsn":{"$ref":"common.json#/$defs/Lsn"},"lastLsn":{"$ref":"common.json#/$defs/Lsn"},"cell":{"type":"integer","minimum":0},"model":{"type":"string"},"metrics":{"type":"array","maxItems":20,"items":{"type":"object","properties":{"name":{"type":"string"},"is":{"type":"string","enum":["<","<=","=","!=",">=",">"]},"value":{"type":"number"}},"required":["name","is","value"],"additionalProperties":false}},"search":{"type":"string"},"after":{"type":"string"},"limit":{"type":"integer","minimum":0}},"required":["project"],"additionalProperties":false}',
  'run.affected':
    '{"type":"object","properties":{"project":{"type":"string"},"lsn":{"$ref":"common.json#/$defs/Lsn"},"collection":{"type":"string"},"id":{"$ref":"common.json#/$defs/ExtendedJson"},"after":{"type":"string"},"limit":{"type":"integer","minimum":0}},"required":["project"],"additionalProperties":false}',
  'session.open':
    '{"type":"object","properties":{"id":{"type":"string"},"kernel":{"type":"string"},"notebook":{"type":"string"},"actor":{"type":"string"},"project":{"type":"string"},"ref":{"type":"string"}},"required":[],"additionalProperties":false}',
  'session.get':
    '{"type":"object","properties":{"id":{"type":"string"}},"required":["id"],"additionalProperties":false}',
  'session.list': '{"type":"object","properties":{},"required":[],"additionalProperties":false}',
  'session.checkout':
    '{"type":"object","properties":{"id":{"type":"string"},"project":{"type":"string"},"ref":{"$ref":"common.json#/$defs/Ref"}},"required":["id","ref"],"additionalProperties":false}',
  'session.cell':
    '{"type":"object","properties":{"id":{"type":"string"},"cell":{"anyOf":[{"type":"object","properties":{"id":{"type":"string"},"number":{"type":"integer","minimum":0},"source":{"type":"string"}},"required":["id"],"additionalProperties":false},{"type":"null"}]}},"required":["id","cell"],"additionalProperties":false}',
  'session.cells':
    '{"type":"object","properties":{"id":{"type":"string"},"limit":{"type":"integer","minimum":0}},"required":["id"],"additionalProperties":false}',
  'session.stale':
    '{"type":"object","properties":{"id":{"type":"string"}},"required":["id"],"additionalProperties":false}',
  'session.close':
    '{"type":"object","properties":{"id":{"type":"string"}},"required":["id"],"additionalProperties":false}'
};

/** Result of each method, as JSON text. */
export const RESULT_SCHEMAS: Readonly<Record<string, string>> = {
  'branch.list':
    '{"type":"object","properties":{"branches":{"type":"array","items":{"$ref":"common.json#/$defs/Branch"}},"total":{"type":"integer","minimum":0},"next":{"type":"string"}},"required":["branches","total"],"additionalProperties":false}',
  'branch.get': '{"$ref":"common.json#/$defs/Branch"}',
  'branch.create': '{"$ref":"common.json#/$defs/Branch"}',
  'branch.rename': '{"$ref":"common.json#/$defs/Branch"}',
  'branch.protect': '{"$ref":"common.json#/$defs/Branch"}',
  'branch.delete':
    '{"type":"object","properties":{"name":{"type":"string"},"head":{"$ref":"common.json#/$defs/Lsn"},"unmerged":{"type":"integer","minimum":0}},"required":["name","head","unmerged"],"additionalProperties":false}',
  hello:
    '{"type":"object","properties":{"server":{"type":"object","properties":{"version":{"type":"string"},"protocol":{"type":"integer","minimum":0}},"required":["version","protocol"],"additionalProperties":false},"wire":{"type":"string"},"dataDirectory":{"type":"string"},"pid":{"type":"integer","minimum":0},"startedAt":{"$ref":"common.json#/$defs/Instant"},"readOnly":{"type":"boolean"}},"required":["server","wire","dataDirectory","pid","startedAt","readOnly"],"additionalProperties":false}',
  status:
    '{"type":"object","properties":{"projects":{"type":"integer","minimum":0},"branches":{"type":"integer","minimum":0},"connections":{"type":"integer","minimum":0},"wireConnections":{"type":"integer","minimum":0},"logBytes":{"type":"integer","minimum":0},"stateBytes":{"type":"integer","minimum":0},"pendingRecords":{"type":"integer","minimum":0},"memoryBytes":{"type":"integer","minimum":0},"uptimeSeconds":{"type":"number"},"failed":{"type":"string"},"trackingFailures":{"type":"integer","minimum":0},"storage":{"$ref":"common.json#/$defs/Storage"},"keeping":{"$ref":"common.json#/$defs/Keeper"}},"required":["projects","branches","connections","wireConnections","logBytes","stateBytes","pendingRecords","memoryBytes","uptimeSeconds","storage","keeping"],"additionalProperties":false}',
  subscribe:
    '{"type":"object","properties":{"subscription":{"type":"string"}},"required":["subscription"],"additionalProperties":false}',
  unsubscribe: '{"type":"null"}',
  shutdown: '{"type":"null"}',
  'documents.find':
    '{"type":"object","properties":{"state":{"$ref":"common.json#/$defs/State"},"documents":{"type":"array","items":{"type":"object","properties":{"id":{"$ref":"common.json#/$defs/ExtendedJson"},"bytes":{"type":"integer","minimum":0},"document":{"$ref":"common.json#/$defs/ExtendedJson"}},"required":["id","bytes"],"additionalProperties":false}},"read":{"type":"string"},"examined":{"type":"integer","minimum":0},"next":{"type":"string"}},"required":["state","documents","read","examined"],"additionalProperties":false}',
  'documents.count':
    '{"type":"object","properties":{"state":{"$ref":"common.json#/$defs/State"},"count":{"type":"integer","minimum":0},"exact":{"type":"boolean"}},"required":["state","count","exact"],"additionalProperties":false}',
  'documents.compare':
    '{"type":"object","properties":{"from":{"$ref":"common.json#/$defs/State"},"to":{"$ref":"common.json#/$defs/State"},"documents":{"type":"array","items":{"$ref":"common.json#/$defs/DocumentDiff"}},"examined":{"type":"integer","minimum":0},"next":{"type":"string"}},"required":["from","to","documents","examined"],"additionalProperties":false}',
  'documents.statistics':
    '{"type":"object","properties":{"state":{"$ref":"common.json#/$defs/State"},"kind":{"enum":["collection","capped","view"]},"viewOn":{"type":"string"},"count":{"type":"integer","minimum":0},"bytes":{"type":"integer","minimum":0},"averageBytes":{"type":"integer","minimum":0},"estimated":{"type":"boolean"}},"required":["state","kind","estimated"],"additionalProperties":false}',
  'documents.cancel':
    '{"type":"object","properties":{"cancelled":{"type":"boolean"}},"required":["cancelled"],"additionalProperties":false}',
  'ref.resolve': '{"$ref":"common.json#/$defs/State"}',
  'ref.collections':
    '{"type":"object","properties":{"state":{"$ref":"common.json#/$defs/State"},"digest":{"type":"string"},"collections":{"type":"array","items":{"$ref":"common.json#/$defs/Collection"}}},"required":["state","digest","collections"],"additionalProperties":false}',
  log: '{"type":"object","properties":{"entries":{"type":"array","items":{"$ref":"common.json#/$defs/Entry"}},"timelines":{"type":"array","items":{"$ref":"common.json#/$defs/Timeline"}},"horizon":{"$ref":"common.json#/$defs/Lsn"},"head":{"$ref":"common.json#/$defs/Lsn"},"next":{"$ref":"common.json#/$defs/Lsn"}},"required":["entries","timelines","horizon","head"],"additionalProperties":false}',
  changes:
    '{"type":"object","properties":{"changes":{"type":"array","items":{"$ref":"common.json#/$defs/Change"}},"next":{"$ref":"common.json#/$defs/Lsn"}},"required":["changes"],"additionalProperties":false}',
  feed: '{"type":"object","properties":{"changes":{"type":"array","items":{"$ref":"common.json#/$defs/Change"}},"upTo":{"$ref":"common.json#/$defs/Lsn"},"head":{"$ref":"common.json#/$defs/Lsn"}},"required":["changes","upTo","head"],"additionalProperties":false}',
  history:
    '{"type":"object","properties":{"changes":{"type":"array","items":{"$ref":"common.json#/$defs/Change"}},"next":{"$ref":"common.json#/$defs/Lsn"},"newer":{"$ref":"common.json#/$defs/Lsn"}},"required":["changes"],"additionalProperties":false}',
  blame:
    '{"type":"object","properties":{"state":{"$ref":"common.json#/$defs/State"},"fields":{"type":"array","items":{"$ref":"common.json#/$defs/Blame"}},"next":{"type":"integer","minimum":0}},"required":["state","fields"],"additionalProperties":false}',
  diff: '{"$ref":"common.json#/$defs/Diff"}',
  'keeping.gc':
    '{"type":"object","properties":{"dryRun":{"type":"boolean"},"rows":{"type":"object","properties":{"versions":{"type":"integer","minimum":0},"changes":{"type":"integer","minimum":0},"indexEntries":{"type":"integer","minimum":0},"commits":{"type":"integer","minimum":0},"other":{"type":"integer","minimum":0}},"required":["versions","changes","indexEntries","commits","other"],"additionalProperties":false},"stateBytes":{"type":"integer","minimum":0},"logBytes":{"type":"integer"},"images":{"type":"integer","minimum":0},"timelines":{"type":"integer","minimum":0},"kept":{"type":"array","items":{"type":"object","properties":{"project":{"type":"string"},"kind":{"enum":["head","history","pin","run","fork","merge base","plan","ref","transaction","index"]},"name":{"type":"string"},"lsn":{"$ref":"common.json#/$defs/Lsn"},"versionsAlone":{"type":"integer","minimum":0},"bytesAlone":{"type":"integer","minimum":0}},"required":["project","kind","name","lsn","versionsAlone","bytesAlone"],"additionalProperties":false}},"horizons":{"type":"array","items":{"type":"object","properties":{"project":{"type":"string"},"branch":{"type":"string"},"lsn":{"$ref":"common.json#/$defs/Lsn"}},"required":["project","branch","lsn"],"additionalProperties":false}}},"required":["dryRun","rows","stateBytes","logBytes","images","timelines","kept","horizons"],"additionalProperties":false}',
  'keeping.retention':
    '{"type":"object","properties":{"keepSeconds":{"type":"integer","minimum":0},"keepLsns":{"type":"integer","minimum":0}},"required":[],"additionalProperties":false}',
  'keeping.setRetention':
    '{"type":"object","properties":{"keepSeconds":{"type":"integer","minimum":0},"keepLsns":{"type":"integer","minimum":0}},"required":[],"additionalProperties":false}',
  'keeping.verify':
    '{"type":"object","properties":{"problems":{"type":"array","items":{"type":"object","properties":{"where":{"type":"string"},"offset":{"type":"integer","minimum":0},"key":{"type":"string"},"what":{"type":"string"}},"required":["where","what"],"additionalProperties":false}},"complete":{"type":"boolean"},"checked":{"type":"object","additionalProperties":{"type":"integer","minimum":0}}},"required":["problems","complete","checked"],"additionalProperties":false}',
  'keeping.backup':
    '{"type":"object","properties":{"projects":{"type":"array","items":{"type":"object","properties":{"name":{"type":"string"},"head":{"$ref":"common.json#/$defs/Lsn"}},"required":["name","head"],"additionalProperties":false}},"files":{"type":"integer","minimum":0},"bytes":{"type":"integer","minimum":0},"copiedFiles":{"type":"integer","minimum":0},"copiedBytes":{"type":"integer","minimum":0}},"required":["projects","files","bytes","copiedFiles","copiedBytes"],"additionalProperties":false}',
  'keeping.automatic': '{"$ref":"common.json#/$defs/Keeper"}',
  'keeping.compact':
    '{"type":"object","properties":{"stateBytes":{"type":"integer","minimum":0},"stateFreeBytes":{"type":"integer","minimum":0}},"required":["stateBytes","stateFreeBytes"],"additionalProperties":false}',
  'lineage.graph': '{"$ref":"common.json#/$defs/Lineage"}',
  'pin.create': '{"$ref":"common.json#/$defs/Pin"}',
  'pin.list': '{"type":"array","items":{"$ref":"common.json#/$defs/Pin"}}',
  'pin.delete': '{"type":"null"}',
  'merge.plan': '{"$ref":"common.json#/$defs/Plan"}',
  'pick.plan': '{"$ref":"common.json#/$defs/Plan"}',
  'undo.plan': '{"$ref":"common.json#/$defs/Plan"}',
  'plan.get': '{"$ref":"common.json#/$defs/Plan"}',
  'plan.list': '{"type":"array","items":{"$ref":"common.json#/$defs/Plan"}}',
  'plan.conflicts':
    '{"type":"object","properties":{"conflicts":{"type":"array","items":{"$ref":"common.json#/$defs/Conflict"}},"next":{"type":"string"}},"required":["conflicts"],"additionalProperties":false}',
  'plan.documents':
    '{"type":"object","properties":{"documents":{"type":"array","items":{"$ref":"common.json#/$defs/DocumentDiff"}},"next":{"type":"string"}},"required":["documents"],"additionalProperties":false}',
  'plan.answer': '{"$ref":"common.json#/$defs/Plan"}',
  'plan.check': '{"$ref":"common.json#/$defs/Plan"}',
  'plan.again': '{"$ref":"common.json#/$defs/Plan"}',
  'plan.apply': '{"$ref":"common.json#/$defs/Plan"}',
  'restore.preview':
    '{"type":"object","properties":{"branch":{"type":"string"},"from":{"$ref":"common.json#/$defs/State"},"to":{"$ref":"common.json#/$defs/State"},"backup":{"type":"string"},"changes":{"type":"integer","minimum":0},"discarded":{"type":"array","items":{"$ref":"common.json#/$defs/Entry"}},"diff":{"$ref":"common.json#/$defs/Diff"}},"required":["branch","from","to","backup","changes","discarded","diff"],"additionalProperties":false}',
  'restore.plan': '{"$ref":"common.json#/$defs/Plan"}',
  'restore.apply':
    '{"type":"object","properties":{"branch":{"$ref":"common.json#/$defs/Branch"},"backup":{"type":"string"}},"required":["branch","backup"],"additionalProperties":false}',
  'project.list': '{"type":"array","items":{"$ref":"common.json#/$defs/Project"}}',
  'project.create': '{"$ref":"common.json#/$defs/Project"}',
  'project.delete': '{"type":"null"}',
  'run.register': '{"$ref":"common.json#/$defs/Run"}',
  'run.update': '{"$ref":"common.json#/$defs/Run"}',
  'run.release': '{"$ref":"common.json#/$defs/Run"}',
  'run.get':
    '{"type":"object","properties":{"run":{"$ref":"common.json#/$defs/Run"},"state":{"$ref":"common.json#/$defs/State"}},"required":["run","state"],"additionalProperties":false}',
  'run.list':
    '{"type":"object","properties":{"runs":{"type":"array","items":{"$ref":"common.json#/$defs/Run"}},"total":{"type":"integer","minimum":0},"next":{"type":"string"}},"required":["runs","total"],"additionalProperties":false}',
  'run.affected':
    '{"type":"object","properties":{"collection":{"type":"string"},"id":{"$ref":"common.json#/$defs/ExtendedJson"},"runs":{"type":"array","items":{"type":"object","properties":{"run":{"$ref":"common.json#/$defs/Run"},"version":{"$ref":"common.json#/$defs/Lsn"}},"required":["run","version"],"additionalProperties":false}},"next":{"type":"string"}},"required":["collection","id","runs"],"additionalProperties":false}',
  'session.open': '{"$ref":"common.json#/$defs/Session"}',
  'session.get': '{"$ref":"common.json#/$defs/Session"}',
  'session.list': '{"type":"array","items":{"$ref":"common.json#/$defs/Session"}}',
  'session.checkout': '{"$ref":"common.json#/$defs/Session"}',
  'session.cell': '{"anyOf":[{"$ref":"common.json#/$defs/CellActivity"},{"type":"null"}]}',
  'session.cells': '{"type":"array","items":{"$ref":"common.json#/$defs/CellActivity"}}',
  'session.stale':
    '{"type":"object","properties":{"stale":{"type":"array","items":{"type":"object","properties":{"cell":{"type":"string"},"cellNumber":{"type":"integer","minimum":0},"startedAt":{"$ref":"common.json#/$defs/Instant"},"reads":{"type":"array","items":{"type":"object","properties":{"project":{"type":"string"},"branch":{"type":"string"},"collection":{"type":"string"},"lsn":{"$ref":"common.json#/$defs/Lsn"},"changed":{"type":"object","properties":{"lsn":{"$ref":"common.json#/$defs/Lsn"},"time":{"$ref":"common.json#/$defs/Instant"},"origin":{"$ref":"common.json#/$defs/Origin"}},"required":["lsn","time","origin"],"additionalProperties":false}},"required":["project","branch","collection","lsn"],"additionalProperties":false}}},"required":["cell","startedAt","reads"],"additionalProperties":false}},"plan":{"type":"array","items":{"type":"object","properties":{"cell":{"type":"string"},"cellNumber":{"type":"integer","minimum":0},"stale":{"type":"boolean"},"after":{"type":"array","items":{"type":"string"}}},"required":["cell","stale","after"],"additionalProperties":false}}},"required":["stale","plan"],"additionalProperties":false}',
  'session.close': '{"type":"null"}'
};

/** Params of the notification `event` by its type, as JSON text. */
export const EVENT_SCHEMAS: Readonly<Record<string, string>> = {
  commit:
    '{"type":"object","properties":{"type":{"const":"commit"},"project":{"type":"string"},"branch":{"type":"string"},"lsn":{"$ref":"common.json#/$defs/Lsn"},"entry":{"$ref":"common.json#/$defs/Entry"}},"required":["type","project","lsn","entry"],"additionalProperties":false}',
  project:
    '{"type":"object","properties":{"type":{"const":"project"},"op":{"enum":["create","delete"]},"project":{"type":"string"}},"required":["type","op","project"],"additionalProperties":false}',
  branch:
    '{"type":"object","properties":{"type":{"const":"branch"},"project":{"type":"string"},"op":{"enum":["create","delete","rename","reset","protect"]},"branch":{"type":"string"},"previous":{"type":"string"}},"required":["type","project","op","branch"],"additionalProperties":false}',
  pin: '{"type":"object","properties":{"type":{"const":"pin"},"project":{"type":"string"},"op":{"enum":["create","delete"]},"pin":{"type":"string"}},"required":["type","project","op","pin"],"additionalProperties":false}',
  run: '{"type":"object","properties":{"type":{"const":"run"},"project":{"type":"string"},"run":{"type":"string"}},"required":["type","project","run"],"additionalProperties":false}',
  plan: '{"type":"object","properties":{"type":{"const":"plan"},"project":{"type":"string"},"plan":{"type":"string"},"state":{"type":"string"}},"required":["type","project","plan","state"],"additionalProperties":false}',
  session:
    '{"type":"object","properties":{"type":{"const":"session"},"session":{"$ref":"common.json#/$defs/Session"},"op":{"enum":["open","checkout","cell","disconnect","close"]}},"required":["type","session","op"],"additionalProperties":false}',
  cell: '{"type":"object","properties":{"type":{"const":"cell"},"session":{"type":"string"},"activity":{"$ref":"common.json#/$defs/CellActivity"}},"required":["type","session","activity"],"additionalProperties":false}'
};
