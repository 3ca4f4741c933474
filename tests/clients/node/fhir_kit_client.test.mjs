// fhir-kit-client at work, unchanged. SITE, KEY: the address of the gateway's FHIR API and a hospital's key.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Client } from "fhir-kit-client";

const { SITE, KEY } = process.env;
const NUMBERS = "urn:example:fhir-kit";
const fhir = new Client({ baseUrl: SITE, bearerToken: KEY });

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
const create = (body, options) => fhir.create({ resourceType: body.resourceType, body, options });
const numbersOf = (bundle) => bundle.entry.map((entry) => entry.resource.identifier[0].value);

test("the capability statement is read", async () => {
  const stated = await fhir.capabilityStatement();
  assert.equal(stated.fhirVersion, "4.0.1");
});

test("a resource is made, read, changed, read as it was, and deleted", async () => {
  const made = await create(patient("kit-1", { name: [{ family: "Moss" }] }));
  const { id } = made;
  assert.equal(Client.httpFor(made).response.status, 201);
  assert.deepEqual(await fhir.read({ resourceType: "Patient", id }), made);

  const changed = await fhir.update({ resourceType: "Patient", id, body: { ...made, gender: "female" } });
  assert.equal(changed.meta.versionId, "2");
  const first = await fhir.vread({ resourceType: "Patient", id, version: "1" });
  assert.equal(first.gender, undefined);

  await fhir.delete({ resourceType: "Patient", id });
  await assert.rejects(fhir.read({ resourceType: "Patient", id }), (error) => {
    assert.equal(error.response.status, 410);
    return error.response.data.resourceType === "OperationOutcome";
  });
  const history = await fhir.history({ resourceType: "Patient", id });
  assert.deepEqual(history.entry.map((entry) => entry.request.method), ["DELETE", "PUT", "POST"]);
});

test("an update of a version that passed is a conflict", async () => {
  const made = await create(patient("kit-2"));
  const update = () =>
    fhir.update({
      resourceType: "Patient",
      id: made.id,
      body: { ...made, gender: "other" },
      options: { headers: { "If-Match": 'W/"1"' } },
    });
  await update();
  await assert.rejects(update(), (error) => {
    assert.equal(error.response.status, 412);
    return error.response.data.issue[0].code === "conflict";
  });
});

test("one that is there is not made again", async () => {
  const options = { headers: { "If-None-Exist": `identifier=${NUMBERS}|kit-3` } };
  const made = await create(patient("kit-3"), options);
  const again = await create(patient("kit-3"), options);
  assert.equal(again.id, made.id);
  assert.equal(Client.httpFor(again).response.status, 200);
});

test("a resource is patched", async () => {
  const { id } = await create(patient("kit-7"));
  const jsonPatch = [{ op: "add", path: "/gender", value: "female" }];
  const patched = await fhir.patch({ resourceType: "Patient", id, jsonPatch });
  assert.equal(patched.gender, "female");
  const options = { headers: { "If-Match": 'W/"1"' } };
  await assert.rejects(fhir.patch({ resourceType: "Patient", id, jsonPatch, options }), (error) => {
    return error.response.status === 412;
  });
});

test("what fits criteria is changed, or made where nothing does", async () => {
  const searchParams = { identifier: `${NUMBERS}|kit-8` };
  const update = (elements) =>
    fhir.update({ resourceType: "Condition", searchParams, body: { ...condition("kit-8", "none"), ...elements } });
  const made = await update({});
  assert.equal(Client.httpFor(made).response.status, 201);
  const changed = await update({ recordedDate: "2026-01-01" });
  assert.deepEqual([changed.id, changed.meta.versionId], [made.id, "2"]);
});

test("batches and transactions are carried out", async () => {
  const her = "urn:uuid:5b0d7c7e-3a0f-4c6e-9b50-1c9a7f0e2d31";
  const entry = [
    { fullUrl: her, resource: patient("kit-9"), request: { method: "POST", url: "Patient" } },
    {
      resource: { ...condition("kit-9-a", "none"), subject: { reference: her } },
      request: { method: "POST", url: "Condition" },
    },
  ];
  const done = await fhir.transaction({ body: { resourceType: "Bundle", type: "transaction", entry } });
  assert.deepEqual(done.entry.map((each) => each.response.status.slice(0, 3)), ["201", "201"]);

  const asked = ["Patient/there-is-none", `Condition?identifier=${NUMBERS}|kit-9-a`].map((url) => ({
    request: { method: "GET", url },
  }));
  const told = await fhir.batch({ body: { resourceType: "Bundle", type: "batch", entry: asked } });
  assert.deepEqual(told.entry.map((each) => each.response.status.slice(0, 3)), ["404", "200"]);
  const [found] = told.entry[1].resource.entry;
  assert.match(found.resource.subject.reference, /^Patient\/[0-9a-f-]{36}$/);
});

test("the histories of a type and of everything are told", async () => {
  const made = await create(patient("kit-10"));
  const ofType = await fhir.history({ resourceType: "Patient" });
  assert.ok(ofType.entry.some((entry) => entry.resource?.id === made.id));
  const ofAll = await fhir.history();
  assert.equal(ofAll.type, "history");
});

test("searches are walked by their next links, in the address and posted", async () => {
  const { id } = await create(patient("kit-4", { name: [{ family: "Kitwalked" }] }));
  await Promise.all([1, 2, 3, 4, 5].map((n) => create(condition(`kit-4-${n}`, id))));
  const searchParams = { "patient:Patient.family": "Kitwalked", _count: 2 };

  for (const options of [{}, { postSearch: true }]) {
    const found = [];
    let page = await fhir.search({ resourceType: "Condition", searchParams, options });
    while (page) {
      found.push(...numbersOf(page));
      page = await fhir.nextPage({ bundle: page });
    }
    assert.deepEqual(found.sort(), [1, 2, 3, 4, 5].map((n) => `kit-4-${n}`));
  }
});

test("searches include, go into a compartment and over the system", async () => {
  const { id } = await create(patient("kit-5"));
  await create(condition("kit-5-a", id));

  const included = await fhir.search({
    resourceType: "Condition",
    searchParams: { patient: id, _include: ["Condition:subject"] },
  });
  assert.deepEqual(included.entry.map((entry) => entry.search.mode), ["match", "include"]);

  const compartment = { resourceType: "Patient", id };
  const hers = await fhir.search({ resourceType: "Condition", compartment });
  assert.deepEqual(numbersOf(hers), ["kit-5-a"]);
  const posted = await fhir.search({ resourceType: "Condition", compartment, options: { postSearch: true } });
  assert.deepEqual(numbersOf(posted), ["kit-5-a"]);

  const both = await fhir.search({ searchParams: { _type: "Patient,Condition", _id: id } });
  assert.deepEqual(numbersOf(both), ["kit-5"]);
});

test("references are resolved", async () => {
  const { id } = await create(patient("kit-6"));
  const made = await create(condition("kit-6-a", id));
  const found = await fhir.resolve({ reference: made.subject.reference, context: made });
  assert.equal(found.identifier[0].value, "kit-6");
});

test("refusals carry an OperationOutcome", async () => {
  const said = (code) => (error) => {
    assert.equal(error.response.data.resourceType, "OperationOutcome");
    assert.equal(error.response.status, code);
    return true;
  };
  await assert.rejects(create({ resourceType: "Patient", birthDate: "last spring" }), said(422));
  await assert.rejects(fhir.read({ resourceType: "Patient", id: "there-is-none" }), said(404));
  await assert.rejects(fhir.operation({ name: "everything", resourceType: "Patient", method: "GET" }), said(404));
  const stranger = new Client({ baseUrl: SITE });
  await assert.rejects(stranger.search({ resourceType: "Patient", searchParams: {} }), said(401));
});
