/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/render_video.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/opt.h>
#include <libswscale/swscale.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/sandbox/util.h"

#define FRAMES_PER_SECOND 12

struct video {
	const struct picture *picture;
	AVFormatContext *format;
	AVCodecContext *codec;
	AVStream *stream;
	AVFrame *still, *frame; /* still: what does not move */
	AVPacket *packet;
	bool output_open; /* format->pb is a dynamic buffer */
};

static int complain(const char *what, int error)
{
	char text[AV_ERROR_MAX_STRING_SIZE] = "";

	av_strerror(error, text, sizeof(text));
	fprintf(stderr, "weryaifs-sandbox: video: %s: %s\n", what, text);
	return error;
}

static AVFrame *new_frame(const struct picture *picture)
{
	AVFrame *frame = av_frame_alloc();

	if (!frame)
		return NULL;
	frame->format = AV_PIX_FMT_YUV420P;
	frame->width = (int)picture->width;
	frame->height = (int)picture->height;
	if (av_frame_get_buffer(frame, 0) < 0)
		av_frame_free(&frame);
	return frame;
}

static int draw_still(struct video *video)
{
	const struct picture *picture = video->picture;
	cairo_surface_t *surface = picture_surface(picture);
	struct SwsContext *scaler;
	int width = (int)picture->width, height = (int)picture->height;

	if (!surface)
		return AVERROR(ENOMEM);
	scaler = sws_getContext(width, height, AV_PIX_FMT_BGR0, width, height, AV_PIX_FMT_YUV420P,
		SWS_BICUBIC | SWS_BITEXACT, NULL, NULL, NULL);
	if (scaler) {
		const uint8_t *data[4] = {cairo_image_surface_get_data(surface)};
		int stride[4] = {cairo_image_surface_get_stride(surface)};

		sws_scale(scaler, data, stride, 0, height, video->still->data,
			video->still->linesize);
	}
	sws_freeContext(scaler);
	cairo_surface_destroy(surface);
	return scaler ? 0 : AVERROR(ENOMEM);
}

/* The work is small and regular: one thread, and the same bytes every time. */
static int open_codec(struct video *video)
{
	const AVCodec *encoder = avcodec_find_encoder_by_name("libx264");
	AVCodecContext *codec;
	bool x264 = encoder;

	if (!encoder)
		encoder = avcodec_find_encoder(AV_CODEC_ID_MPEG4);
	if (!encoder)
		return AVERROR_ENCODER_NOT_FOUND;
	codec = video->codec = avcodec_alloc_context3(encoder);
	if (!codec)
		return AVERROR(ENOMEM);
	codec->width = (int)video->picture->width;
	codec->height = (int)video->picture->height;
	codec->pix_fmt = AV_PIX_FMT_YUV420P;
	codec->time_base = (AVRational){1, FRAMES_PER_SECOND};
	codec->framerate = (AVRational){FRAMES_PER_SECOND, 1};
	codec->gop_size = 2 * FRAMES_PER_SECOND;
	codec->max_b_frames = 0;
	codec->thread_count = 1;
	codec->flags |= AV_CODEC_FLAG_BITEXACT | AV_CODEC_FLAG_GLOBAL_HEADER;
	if (x264) {
		av_opt_set(codec->priv_data, "preset", "ultrafast", 0);
		av_opt_set(codec->priv_data, "crf", "26", 0);
	} else {
		codec->flags |= AV_CODEC_FLAG_QSCALE;
		codec->global_quality = 5 * FF_QP2LAMBDA;
	}
	return avcodec_open2(codec, encoder, NULL);
}

static int open_output(struct video *video)
{
	int r = avformat_alloc_output_context2(&video->format, NULL, "mp4", NULL);

	if (r < 0)
		return r;
	video->format->flags |= AVFMT_FLAG_BITEXACT;
	video->stream = avformat_new_stream(video->format, NULL);
	if (!video->stream)
		return AVERROR(ENOMEM);
	video->stream->time_base = video->codec->time_base;
	video->stream->avg_frame_rate = video->codec->framerate;
	r = avcodec_parameters_from_context(video->stream->codecpar, video->codec);
	if (r < 0)
		return r;
	r = avio_open_dyn_buf(&video->format->pb);
	if (r < 0)
		return r;
	video->output_open = true;
	return avformat_write_header(video->format, NULL);
}

static void fill(AVFrame *frame, int x, int y, int width, int height, const uint8_t colour[3])
{
	for (int plane = 0; plane < 3; plane++) {
		int shift = plane ? 1 : 0;

		for (int row = y >> shift; row < (y + height) >> shift; row++)
			memset(frame->data[plane] + row * frame->linesize[plane] + (x >> shift),
				colour[plane], (size_t)(width >> shift));
	}
}

/* A disc that bounces through the picture, and a bar that shows how far the video is. */
static void draw_moving(struct video *video, int64_t at, int64_t count)
{
	static const uint8_t white[3] = {235, 128, 128}, yellow[3] = {210, 16, 146};
	const struct picture *picture = video->picture;
	AVFrame *frame = video->frame;
	int width = frame->width, height = frame->height;
	int radius = (width < height ? width : height) / 14 / 2 * 2 + 2;
	double turn = (double)at / (2.5 * FRAMES_PER_SECOND) + (double)(picture->seed % 97) / 97;
	int x = (int)((width - 2 * radius) * (0.5 + 0.5 * sin(2 * M_PI * turn))) + radius;
	int y = (int)((height - 2 * radius) * (0.5 + 0.5 * sin(2 * M_PI * turn * 1.37))) + radius;

	for (int row = -radius; row < radius; row += 2) {
		int half = (int)sqrt((double)(radius * radius - row * row)) / 2 * 2;
		int top = (y + row) / 2 * 2, left = (x - half) / 2 * 2;

		if (half > 0)
			fill(frame, left, top, 2 * half, 2, yellow);
	}
	fill(frame, 0, height - 6, (int)(width * (at + 1) / count) / 2 * 2, 6, white);
}

static int drain(struct video *video)
{
	int r;

	while ((r = avcodec_receive_packet(video->codec, video->packet)) >= 0) {
		av_packet_rescale_ts(
			video->packet, video->codec->time_base, video->stream->time_base);
		video->packet->stream_index = video->stream->index;
		r = av_interleaved_write_frame(video->format, video->packet);
		if (r < 0)
			return r;
	}
	return r == AVERROR(EAGAIN) || r == AVERROR_EOF ? 0 : r;
}

static int encode_frames(struct video *video, int64_t count)
{
	int r = 0;

	for (int64_t at = 0; at < count && r >= 0; at++) {
		r = av_frame_make_writable(video->frame);
		if (r >= 0)
			r = av_frame_copy(video->frame, video->still);
		if (r < 0)
			break;
		draw_moving(video, at, count);
		video->frame->pts = at;
		r = avcodec_send_frame(video->codec, video->frame);
		if (r >= 0)
			r = drain(video);
	}
	if (r >= 0)
		r = avcodec_send_frame(video->codec, NULL);
	if (r >= 0)
		r = drain(video);
	return r < 0 ? r : av_write_trailer(video->format);
}

static int encode(struct video *video, unsigned seconds)
{
	int r;

	video->still = new_frame(video->picture);
	video->frame = new_frame(video->picture);
	video->packet = av_packet_alloc();
	if (!video->still || !video->frame || !video->packet)
		return complain("frames", AVERROR(ENOMEM));
	r = draw_still(video);
	if (r < 0)
		return complain("picture", r);
	r = open_codec(video);
	if (r < 0)
		return complain("encoder", r);
	r = open_output(video);
	if (r < 0)
		return complain("MP4", r);
	r = encode_frames(video, (int64_t)seconds * FRAMES_PER_SECOND);
	return r < 0 ? complain("encoding", r) : 0;
}

struct blob *video_encode(const struct picture *picture, unsigned seconds)
{
	struct video video = {.picture = picture};
	struct blob *blob = NULL;
	uint8_t *output = NULL;
	int r, size = 0;

	av_log_set_level(AV_LOG_ERROR);
	r = encode(&video, seconds ? seconds : 1);
	if (video.output_open)
		size = avio_close_dyn_buf(video.format->pb, &output);
	if (r >= 0 && size > 0) {
		unsigned char *data = xcalloc(1, (size_t)size);

		memcpy(data, output, (size_t)size);
		blob = blob_create(data, (size_t)size);
	}
	av_free(output);
	avcodec_free_context(&video.codec);
	avformat_free_context(video.format);
	av_frame_free(&video.still);
	av_frame_free(&video.frame);
	av_packet_free(&video.packet);
	return blob;
}
