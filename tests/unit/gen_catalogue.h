/* SPDX-License-Identifier: MIT */
#pragma once
/* A small catalogue in the shape of config/models.json, one model for each peculiarity that matters to
 * model and prompt: absent is unknown, empty must not be sent. */
static const char gen_catalogue[] =
	"["
	/* Plain pictures; the list of image-to-image is unknown. */
	"{\"key\":\"FLUX\",\"name\":\"Flux\",\"modes\":[\"text-to-image\",\"image-to-image\"],"
	"\"aspect_ratios\":{\"text-to-image\":[\"9:16\",\"1:1\",\"16:9\"]},\"resolutions\":{},"
	"\"durations\":{},\"qualities\":[],\"image_number\":{\"min\":1,\"max\":4},\"audio\":null,"
	"\"negative_prompt\":{},\"prompt_limit\":2000,\"upload_image_limit\":{}},"
	/* Qualities, odd ratios, long prompts. */
	"{\"key\":\"GPT_IMAGE_2\",\"name\":\"GPT Image 2\",\"modes\":[\"text-to-image\","
	"\"image-to-image\"],\"aspect_ratios\":{\"text-to-image\":[\"1:1\",\"16:9(4k)\"]},"
	"\"qualities\":[\"low\",\"medium\",\"high\"],\"image_number\":{\"min\":1,\"max\":4},"
	"\"prompt_limit\":10000,\"upload_image_limit\":{\"image-to-image\":2}},"
	/* Resolutions and web search. */
	"{\"key\":\"GEMINI\",\"name\":\"Nano\",\"modes\":[\"text-to-image\",\"image-to-image\"],"
	"\"aspect_ratios\":{\"text-to-image\":[\"1:1\"]},"
	"\"resolutions\":{\"text-to-image\":[\"1k\",\"2k\",\"4k\"]},"
	"\"image_number\":{\"min\":1,\"max\":4},\"prompt_limit\":2000,\"web_search\":true},"
	/* Always four. */
	"{\"key\":\"FOUR\",\"name\":\"Four\",\"modes\":[\"text-to-image\"],"
	"\"aspect_ratios\":{\"text-to-image\":[\"1:1\"]},\"image_number\":{\"min\":4,\"max\":4},"
	"\"prompt_limit\":2000},"
	/* Pictures from pictures only. */
	"{\"key\":\"SEEDREAM\",\"name\":\"Seedream\",\"modes\":[\"image-to-image\"],"
	"\"aspect_ratios\":{\"image-to-image\":[\"9:16\"]},\"prompt_limit\":2000},"
	/* Both kinds; no ratio in image-to-video, no sound, no negative prompt. */
	"{\"key\":\"WAN_2_5\",\"name\":\"Wan2.5\",\"modes\":[\"text-to-image\",\"image-to-image\","
	"\"image-to-video\",\"text-to-video\"],\"aspect_ratios\":{\"text-to-image\":[\"9:16\","
	"\"3:2\"],\"image-to-image\":[\"9:16\"],\"text-to-video\":[\"9:16\",\"16:9\"],"
	"\"image-to-video\":[]},\"resolutions\":{\"text-to-video\":[\"480p\",\"720p\"],"
	"\"image-to-video\":[\"480p\",\"720p\"]},\"durations\":{\"text-to-video\":[5,10],"
	"\"image-to-video\":[5,10]},\"image_number\":{\"min\":1,\"max\":4},\"audio\":false,"
	"\"negative_prompt\":{\"text-to-video\":false,\"image-to-video\":true},"
	"\"prompt_limit\":2000,\"upload_image_limit\":{\"image-to-video\":1}},"
	/* Everything that there is for videos; multi-image lists nothing. */
	"{\"key\":\"SEEDANCE\",\"name\":\"Seedance\",\"modes\":[\"text-to-video\",\"image-to-"
	"video\","
	"\"almighty-reference-to-video\",\"multi-image-to-video\",\"first-last-image-to-video\"],"
	"\"aspect_ratios\":{"
	"\"text-to-video\":[\"9:16\",\"1:1\"],\"image-to-video\":[\"16:9\",\"1:1\"]},"
	"\"resolutions\":{\"text-to-video\":[\"480p\"]},\"durations\":{\"text-to-video\":"
	"[5,6,7,8,10,11,12,20]},\"audio\":true,\"prompt_limit\":2000,"
	"\"upload_image_limit\":{\"multi-image-to-video\":3}},"
	/* No text-to-video. */
	"{\"key\":\"KLING_O1\",\"name\":\"Kling\",\"modes\":[\"image-to-video\","
	"\"multi-image-to-video\"],\"aspect_ratios\":{\"image-to-video\":[\"9:16\"]},"
	"\"durations\":{\"image-to-video\":[5,10]},\"prompt_limit\":2000},"
	/* Resolutions that must not be sent; one picture only. */
	"{\"key\":\"KLING_V3\",\"name\":\"Kling "
	"3\",\"modes\":[\"image-to-video\",\"text-to-video\"],"
	"\"aspect_ratios\":{\"image-to-video\":[\"9:16\"],\"text-to-video\":[\"9:16\"]},"
	"\"resolutions\":{\"image-to-video\":[],\"text-to-video\":[]},"
	"\"durations\":{\"text-to-video\":[5,10,15]},\"audio\":true,\"prompt_limit\":2000},"
	/* Text-to-video says nothing where image-to-video says none; "several" pictures that are one. */
	"{\"key\":\"HAILUO\",\"name\":\"Hailuo\",\"modes\":[\"image-to-video\",\"text-to-video\","
	"\"multi-image-to-video\"],\"aspect_ratios\":{\"image-to-video\":[]},"
	"\"durations\":{\"image-to-video\":[6,10]},\"prompt_limit\":2000,"
	"\"upload_image_limit\":{\"multi-image-to-video\":1}},"
	/* Several pictures, none of which is a first or last frame. */
	"{\"key\":\"PIKA\",\"name\":\"Pika\",\"modes\":[\"multi-image-to-video\"],"
	"\"durations\":{\"multi-image-to-video\":[5]},\"prompt_limit\":2000,"
	"\"first_last_frame\":false},"
	/* A catalogue that knows nothing but the name. */
	"{\"key\":\"GROK\",\"name\":\"Grok\",\"modes\":[\"text-to-video\"],\"aspect_ratios\":{},"
	"\"resolutions\":{},\"durations\":{},\"prompt_limit\":2000}"
	"]";
