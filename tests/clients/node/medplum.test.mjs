// Medplum's client at work, unchanged. SITE, KEY: the address of the gateway's FHIR API and a hospital's key.
import assert from "node:assert/strict";
import { test } from "node:test";
import { MedplumClient } from "@medplum/core";

const { SITE, KEY } = process.env;
const NUMBERS = "urn:example:medplum";
const site = new URL(SITE);
const options = { baseUrl: `${site.origin}/`, fhirUrlPath: `${site.pathname.slice(1)}/`, cacheTime: 0 };
const fhir = new MedplumClient({ ...options, accessToken: KEY });

const patient = (number, elements = {}) => ({
  resourceType: "Patient",
  identifier: [{ system: NUMBERS, value: number }],
  ...elements,
});
const condition = (number, id) => ({
  resourceType: "Condition",
  identifier: [{ system: NUMBERS, value: number }],
  subject: { reference: `Patient/${id}` },
});
const numbersOf = (resources) => resources.map((resource) => resource.identifier[0].value);

test("the capability statement is read", async () => {
  const stated = await fhir.get(fhir.fhirUrl("metadata"));
  assert.equal(stated.fhirVersion, "4.0.1");
});

test("a resource is made, read, changed, read as it was, and deleted", async () => {
  const made = await fhir.createResource(patient("med-1", { name: [{ family: "Moss" }] }));
  const { id } = made;
  assert.deepEqual(await fhir.readResource("Patient", id), made);

  const changed = await fhir.updateResource({ ...made, gender: "female" });
  assert.equal(changed.meta.versionId, "2");
  assert.equal((await fhir.readVersion("Patient", id, "1")).gender, undefined);

  await fhir.deleteResource("Patient", id);
  await assert.rejects(fhir.readResource("Patient", id), (error) => {
    return error.outcome.resourceType === "OperationOutcome" && error.outcome.issue[0].code === "deleted";
  });
  const history = await fhir.readHistory("Patient", id);
  assert.deepEqual(history.entry.map((entry) => entry.request.method), ["DELETE", "PUT", "POST"]);
  assert.equal((await fhir.readHistory("Patient", id, { count: 1 })).entry.length, 1);
});

test("an update of a version that passed is a conflict", async () => {
  const made = await fhir.createResource(patient("med-2"));
  const headers = { "If-Match": 'W/"1"' };
  await fhir.updateResource({ ...made, gender: "other" }, { headers });
  await assert.rejects(fhir.updateResource({ ...made, gender: "male" }, { headers }), (error) => {
    return error.outcome.issue[0].code === "conflict";
  });
});

test("one that is there is not made again", async () => {
  const unless = `identifier=${NUMBERS}|med-3`;
  const made = await fhir.createResourceIfNoneExist(patient("med-3"), unless);
  const again = await fhir.createResourceIfNoneExist(patient("med-3", { gender: "male" }), unless);
  assert.deepEqual(again, made);
});

test("a resource is patched", async () => {
  const { id } = await fhir.createResource(patient("med-7"));
  const patched = await fhir.patchResource("Patient", id, [{ op: "add", path: "/gender", value: "female" }]);
  assert.deepEqual([patched.gender, patched.meta.versionId], ["female", "2"]);
  const wrong = fhir.patchResource("Patient", id, [{ op: "test", path: "/gender", value: "male" }]);
  await assert.rejects(wrong, (error) => error.outcome.resourceType === "OperationOutcome");
});

test("what fits criteria is changed, or made where nothing does", async () => {
  const fitting = { identifier: `${NUMBERS}|med-8` };
  const made = await fhir.upsertResource(condition("med-8", "none"), fitting);
  const changed = await fhir.upsertResource({ ...condition("med-8", "none"), recordedDate: "2026-01-01" }, fitting);
  assert.deepEqual([changed.id, changed.meta.versionId], [made.id, "2"]);
});

test("batches and transactions are carried out", async () => {
  const her = "urn:uuid:7d6f1a52-8c0b-4a8e-a5a5-6f4f0c9b7e13";
  const entry = [
    { fullUrl: her, resource: patient("med-9"), request: { method: "POST", url: "Patient" } },
    {
      resource: { ...condition("med-9-a", "none"), subject: { reference: her } },
      request: { method: "POST", url: "Condition", ifNoneExist: `identifier=${NUMBERS}|med-9-a` },
    },
  ];
  const done = await fhir.executeBatch({ resourceType: "Bundle", type: "transaction", entry });
  assert.deepEqual(done.entry.map((each) => each.response.status.slice(0, 3)), ["201", "201"]);
  const again = await fhir.executeBatch({ resourceType: "Bundle", type: "batch", entry: entry.slice(1) });
  assert.equal(again.entry[0].response.status.slice(0, 3), "200");
});

test("reads that are asked for at the same time travel as one batch", async () => {
  const made = await fhir.createResource(patient("med-10"));
  const sent = [];
  const counting = (url, init) => {
    sent.push(url);
    return fetch(url, init);
  };
  const batching = new MedplumClient({ ...options, accessToken: KEY, autoBatchTime: 50, fetch: counting });
  const [her, found, none] = await Promise.allSettled([
    batching.readResource("Patient", made.id),
    batching.searchResources("Patient", { _id: made.id }),
    batching.readResource("Patient", "there-is-none"),
  ]);
  assert.equal(her.value.id, made.id);
  assert.deepEqual(numbersOf(found.value), ["med-10"]);
  assert.equal(none.reason.outcome.issue[0].code, "not-found");
  assert.equal(sent.length, 1);
});

test("a document is kept as it is", async () => {
  const kept = await fhir.createBinary({ data: "Dear doctor", contentType: "text/plain" });
  assert.equal(kept.contentType, "text/plain");
  const loaded = await fhir.download(fhir.fhirUrl("Binary", kept.id), { headers: { Accept: "text/plain" } });
  assert.equal(await loaded.text(), "Dear doctor");
});

test("searches are walked page by page", async () => {
  const { id } = await fhir.createResource(patient("med-4", { name: [{ family: "Medwalked" }] }));
  await Promise.all([1, 2, 3, 4, 5].map((n) => fhir.createResource(condition(`med-4-${n}`, id))));

  const found = [];
  const query = { "patient:Patient.family": "Medwalked", _count: "2" };
  for await (const page of fhir.searchResourcePages("Condition", query)) {
    found.push(...numbersOf(page));
  }
  assert.deepEqual(found.sort(), [1, 2, 3, 4, 5].map((n) => `med-4-${n}`));
});

test("searches find one, some, and what belongs to them", async () => {
  const { id } = await fhir.createResource(patient("med-5"));
  await fhir.createResource(condition("med-5-a", id));

  const her = await fhir.searchOne("Patient", `identifier=${NUMBERS}|med-5`);
  assert.equal(her.id, id);
  assert.equal(await fhir.searchOne("Patient", `identifier=${NUMBERS}|none`), undefined);
  const some = await fhir.searchResources("Condition", { patient: `Patient/${id}`, _sort: "-_lastUpdated" });
  assert.deepEqual(numbersOf(some), ["med-5-a"]);
  const bundle = await fhir.search("Patient", { _id: id, _revinclude: "Condition:patient" });
  assert.deepEqual(bundle.entry.map((entry) => entry.resource.resourceType), ["Patient", "Condition"]);
  const counted = await fhir.search("Condition", { patient: id, _total: "accurate", _count: "0" });
  assert.equal(counted.total, 1);
});

test("references are resolved", async () => {
  const { id } = await fhir.createResource(patient("med-6"));
  const made = await fhir.createResource(condition("med-6-a", id));
  assert.equal((await fhir.readReference(made.subject)).id, id);
});

test("refusals carry an OperationOutcome", async () => {
  const said = (code) => (error) => {
    assert.equal(error.outcome.resourceType, "OperationOutcome");
    assert.equal(error.outcome.issue[0].code, code);
    return true;
  };
  await assert.rejects(fhir.createResource({ resourceType: "Patient", birthDate: "last spring" }), said("value"));
  await assert.rejects(fhir.readResource("Patient", "there-is-none"), said("not-found"));
  await assert.rejects(fhir.readPatientEverything("there-is-none"), said("not-supported"));
  const stranger = new MedplumClient(options);
  await assert.rejects(stranger.searchResources("Patient"), said("login"));
});
