/* The model in flash: opening it, and receiving another. */
#include "fw_app.h"

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

void fw_model_load(fw_app *app) {
  uint32_t region = 0;
  const uint8_t *blob = app->port->model_region(app->port->user, &region);
  int code;
  app->conversation = NULL;
  app->memory_used = 0;
  app->state = FW_MODEL_NONE;
  if (!blob || region < 4u || blank(blob)) {
    fw_log(app, "no model in flash; send one", "", "");
    return;
  }
  code = tlm_open(&app->model, blob, region, &app->fault);
  if (!code) {
    code = make_engine(app);
    app->fault.offset = 0;
    app->fault.found = app->memory_used;
    app->fault.expected = app->memory_bytes;
  }
  if (!code) code = tlm_sampler_init(&app->sampler, &app->settings.sampling);
  if (!code) {
    code = tlm_stream_init(&app->stream, &app->engine, &app->sampler, app->in_ring, FW_RING, app->out_ring, FW_RING,
                           NULL);
  }
  if (code) {
    app->state = FW_MODEL_BAD;
    app->model_code = code;
    fw_log(app, "bad model in flash: ", tlm_error_text(code), "; send another");
    return;
  }
  app->state = FW_MODEL_READY;
  app->model_code = 0;
  if (app->port->model_opened) app->port->model_opened(app->port->user, &app->model, &app->engine);
  fw_log(app, "model ready", "", "");
}

static fw_error failed(fw_app *app) {
  static const fw_error e = {FW_ERR_STORAGE, "the flash could not be written"};
  fw_upload_abort(app);
  return e;
}

fw_error fw_upload_begin(fw_app *app, fw_client *client, uint32_t bytes) {
  static const fw_error unsupported = {FW_ERR_UNSUPPORTED, "this device has nowhere to keep a model"};
  static const fw_error too_large = {FW_ERR_TOO_LARGE, "the model does not fit the device's flash region "
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
  if (app->job.kind != FW_JOB_NONE) return working;
  if (app->state == FW_MODEL_UPLOAD && app->upload.owner != client) return sending;
  if (app->state == FW_MODEL_READY && app->port->model_closing) app->port->model_closing(app->port->user);
  app->conversation = NULL;
  app->state = FW_MODEL_UPLOAD;
  app->upload.owner = client;
  app->upload.total = bytes;
  app->upload.at = 0;
  app->upload.erased = FW_SECTOR;
  app->upload.active = app->port->micros(app->port->user);
  /* The old file is invalid from here on, whatever happens. */
  if (app->port->model_erase(app->port->user, 0, FW_SECTOR)) return failed(app);
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
    if (app->port->model_erase(app->port->user, u->erased, FW_SECTOR)) return 0;
    u->erased += FW_SECTOR;
  }
  return app->port->model_write(app->port->user, from, page, FW_PAGE) == 0;
}

fw_error fw_upload_data(fw_app *app, fw_client *client, const void *bytes, uint32_t n) {
  static const fw_error none = {FW_ERR_IDLE, "no model is being sent by this client; begin first"};
  static const fw_error over = {FW_ERR_TOO_LARGE, "more bytes than were announced"};
  const uint8_t *p = (const uint8_t *)bytes;
  fw_upload *u = &app->upload;
  if (app->state != FW_MODEL_UPLOAD || u->owner != client) return none;
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
  fw_error bad = {FW_ERR_BAD_MODEL, NULL};
  if (app->state != FW_MODEL_UPLOAD || app->upload.owner != client) return none;
  if (app->upload.at != app->upload.total) return early;
  app->upload.owner = NULL;
  fw_model_load(app);
  if (app->state == FW_MODEL_READY) {
    app->count.uploads++;
    return fw_ok;
  }
  bad.message = app->state == FW_MODEL_NONE              ? "what was sent is empty flash"
                : app->model_code == TLM_E_MEMORY ? "the model needs more RAM than this device has for it"
                                                  : tlm_error_text((int)app->model_code);
  return bad;
}

void fw_upload_abort(fw_app *app) {
  app->upload.owner = NULL;
  app->state = FW_MODEL_NONE;
  fw_log(app, "the transfer of a model broke off; send it again", "", "");
}

void fw_upload_poll(fw_app *app) {
  if (app->state != FW_MODEL_UPLOAD) return;
  if (app->port->micros(app->port->user) - app->upload.active > FW_SILENCE_MS * 1000u) fw_upload_abort(app);
}
