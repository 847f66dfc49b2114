#include "fw_model.h"

#include "fw_access.h"
#include "fw_job.h"

static int blank(const uint8_t *p) { return p[0] == 0xFF && p[1] == 0xFF && p[2] == 0xFF && p[3] == 0xFF; }

/* The largest tables that fit the memory; without any the reference kernel, which needs none. */
static int make_engine(fw_app *app) {
  uint32_t budget;
  for (budget = TLM_TABLE_BUDGET_DEFAULT; budget >= TLM_TABLE_BUDGET_MIN; budget -= 512u) {
    const uint32_t bytes = tlm_memory_bytes(&app->model, TLM_KERNEL_TABLE, budget);
    if (bytes && bytes <= app->memory_bytes) {
      app->memory_used = bytes;
      app->table_bytes = budget;
      return tlm_init(&app->engine, &app->model, app->memory, app->memory_bytes, TLM_KERNEL_TABLE, budget);
    }
  }
  app->table_bytes = 0;
  app->memory_used = tlm_memory_bytes(&app->model, TLM_KERNEL_REFERENCE, 0);
  return tlm_init(&app->engine, &app->model, app->memory, app->memory_bytes, TLM_KERNEL_REFERENCE, 0);
}

/*
 * The region has two places for a model: its beginning, and its middle. The one at the beginning counts when both have
 * one. A model of more than half the region has the whole of it.
 */
static uint32_t middle(uint32_t region) { return region / 2u / FW_SECTOR * FW_SECTOR; }

/* Opens the file there; app->model_code says how that went, TLM_OK included. 0: there is nothing. */
static int open_at(fw_app *app, uint32_t offset) {
  uint32_t region = 0;
  const uint8_t *blob = app->port->model_region(app->port->user, &region);
  int code;
  if (!blob || region < offset + 4u || blank(blob + offset)) return 0;
  code = tlm_open(&app->model, blob + offset, region - offset, &app->fault);
  if (!code) {
    code = make_engine(app);
    app->fault.offset = 0;
    app->fault.found = app->memory_used;
    app->fault.expected = app->memory_bytes;
  }
  if (!code) fw_settings_of_model(&app->settings, &app->model);
  if (!code) code = tlm_sampler_init(&app->sampler, &app->settings.sampling);
  if (!code) {
    code =
        tlm_stream_init(&app->stream, &app->engine, &app->sampler, app->in_ring, FW_RING, app->out_ring, FW_RING, NULL);
  }
  app->model_code = code;
  return 1;
}

static void ready(fw_app *app, uint32_t offset) {
  app->state = FW_MODEL_READY;
  app->model_at = offset;
  if (app->port->model_opened) app->port->model_opened(app->port->user, &app->model, &app->engine);
  fw_log(app, "model ready", "", "");
}

void fw_model_load(fw_app *app) {
  uint32_t region = 0, half;
  tlm_fault fault;
  int32_t code = 0;
  int there;
  app->port->model_region(app->port->user, &region);
  half = middle(region);
  app->conversation = NULL;
  app->memory_used = 0;
  app->state = FW_MODEL_NONE;
  there = open_at(app, 0);
  if (there && !app->model_code) {
    ready(app, 0);
    return;
  }
  code = app->model_code;
  fault = app->fault;
  /* What lies in the middle may be nothing but the rest of a large file: it only counts when it is whole. */
  if (half && open_at(app, half) && !app->model_code) {
    ready(app, half);
    return;
  }
  app->memory_used = 0;
  if (!there) {
    fw_log(app, "no model in flash; send one", "", "");
    return;
  }
  app->fault = fault;
  app->model_code = code;
  if (code == TLM_E_MEMORY) app->memory_used = fault.found;
  app->state = FW_MODEL_BAD;
  fw_log(app, "bad model in flash: ", tlm_error_text(code), "; send another");
}

static fw_error failed(fw_app *app) {
  static const fw_error e = {FW_ERR_STORAGE, "the flash could not be written"};
  fw_upload_abort(app);
  return e;
}

/* Where a new file goes: to the place that the model in use does not need, if it fits there. */
static uint32_t place_for(const fw_app *app, uint32_t bytes, uint32_t region) {
  const uint32_t half = middle(region);
  const int keeps = app->state == FW_MODEL_READY && app->model_at == 0 && app->model.file_bytes <= half;
  return keeps && bytes <= region - half && half ? half : 0u;
}

fw_error fw_upload_begin(fw_app *app, fw_client *client, uint32_t bytes) {
  static const fw_error unsupported = {FW_ERR_UNSUPPORTED, "this device has nowhere to keep a model"};
  static const fw_error too_large = {FW_ERR_TOO_LARGE,
                                     "the model does not fit the device's flash region "
                                     "(storage_bytes)"};
  static const fw_error too_small = {FW_ERR_BAD_REQUEST, "a model has at least 100 bytes"};
  static const fw_error working = {FW_ERR_BUSY, "a client is being served; wait until it is done"};
  static const fw_error sending = {FW_ERR_BUSY, "another client is sending a model; wait until it is done"};
  const fw_error forbidden = fw_may_change(app, client);
  uint32_t region = 0;
  if (forbidden.code) return forbidden;
  if (!app->port->model_erase || !app->port->model_region(app->port->user, &region)) return unsupported;
  if (bytes > region) return too_large;
  if (bytes < 100u) return too_small;
  if (app->state == FW_MODEL_UPLOAD && app->upload.owner != client) return sending;
  if (!fw_job_make_way(app, client)) return working;
  if (app->state == FW_MODEL_READY && app->port->model_closing) app->port->model_closing(app->port->user);
  if (app->state != FW_MODEL_UPLOAD) app->upload.base = place_for(app, bytes, region);
  else if (bytes > middle(region)) app->upload.base = 0; /* begun again, with a larger one */
  app->conversation = NULL;
  app->state = FW_MODEL_UPLOAD;
  app->upload.owner = client;
  app->upload.total = bytes;
  app->upload.at = 0;
  app->upload.erased = FW_SECTOR;
  app->upload.active = app->port->micros(app->port->user);
  /* What was in this place is invalid from here on, whatever happens. */
  if (app->port->model_erase(app->port->user, app->upload.base, FW_SECTOR)) return failed(app);
  return fw_ok;
}

/* Writes the page that ends at `at`; what it lacks is FF, as in erased flash. */
static int write_page(fw_app *app) {
  fw_upload *u = &app->upload;
  const uint32_t from = (u->at - 1u) / FW_PAGE * FW_PAGE;
  uint8_t *page = (uint8_t *)u->page;
  uint32_t i;
  for (i = u->at - from; i < FW_PAGE; i++) page[i] = 0xFF;
  if (from >= u->erased) {
    if (app->port->model_erase(app->port->user, u->base + u->erased, FW_SECTOR)) return 0;
    u->erased += FW_SECTOR;
  }
  return app->port->model_write(app->port->user, u->base + from, page, FW_PAGE) == 0;
}

fw_error fw_upload_data(fw_app *app, fw_client *client, const void *bytes, uint32_t n) {
  static const fw_error none = {FW_ERR_IDLE, "no model is being sent by this client; begin first"};
  static const fw_error over = {FW_ERR_TOO_LARGE, "more bytes than were announced"};
  const uint8_t *p = (const uint8_t *)bytes;
  fw_upload *u = &app->upload;
  const fw_error forbidden = fw_may_change(app, client);
  if (app->state != FW_MODEL_UPLOAD || u->owner != client) return none;
  if (forbidden.code) { /* the token was changed meanwhile */
    fw_upload_abort(app);
    return forbidden;
  }
  if (n > u->total - u->at) return over;
  u->active = app->port->micros(app->port->user);
  for (; n; n--) {
    ((uint8_t *)u->page)[u->at % FW_PAGE] = *p++;
    u->at++;
    if ((u->at % FW_PAGE == 0 || u->at == u->total) && !write_page(app)) return failed(app);
  }
  return fw_ok;
}

fw_error fw_upload_end(fw_app *app, fw_client *client) {
  static const fw_error none = {FW_ERR_IDLE, "no model is being sent by this client; begin first"};
  static const fw_error early = {FW_ERR_OFFSET, "bytes are missing: fewer came than were announced"};
  const fw_error forbidden = fw_may_change(app, client);
  fw_error bad = {FW_ERR_BAD_MODEL, NULL};
  uint32_t region = 0, other;
  int there;
  if (app->state != FW_MODEL_UPLOAD || app->upload.owner != client) return none;
  if (app->upload.at != app->upload.total) return early;
  if (forbidden.code) {
    fw_upload_abort(app);
    return forbidden;
  }
  app->upload.owner = NULL;
  app->memory_used = 0;
  there = open_at(app, app->upload.base);
  if (there && !app->model_code) {
    /* Now the other one can go. If the power fails before that, the one at the beginning is used: both are whole. */
    app->port->model_region(app->port->user, &region);
    other = app->upload.base ? 0u : middle(region);
    if (other != app->upload.base && (other == 0 || other >= app->model.file_bytes)) {
      app->port->model_erase(app->port->user, other, FW_SECTOR);
    }
    ready(app, app->upload.base);
    app->count.uploads++;
    return fw_ok;
  }
  bad.message = !there                            ? "what was sent is empty flash"
                : app->model_code == TLM_E_MEMORY ? "the model needs more RAM than this device has for it"
                                                  : tlm_error_text((int)app->model_code);
  fw_model_load(app);
  return bad;
}

void fw_upload_abort(fw_app *app) {
  app->upload.owner = NULL;
  fw_model_load(app);
  fw_log(app, "the transfer of a model broke off; ",
         app->state == FW_MODEL_READY ? "the one before it is used on" : "send it again", "");
}

void fw_upload_gone(fw_app *app, const fw_client *client) {
  if (app->state == FW_MODEL_UPLOAD && app->upload.owner == client) fw_upload_abort(app);
}

void fw_upload_poll(fw_app *app) {
  if (app->state != FW_MODEL_UPLOAD) return;
  if (app->port->micros(app->port->user) - app->upload.active > FW_SILENCE_MS * 1000u) fw_upload_abort(app);
}
