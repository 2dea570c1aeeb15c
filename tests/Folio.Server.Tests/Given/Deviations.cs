namespace Folio.Server.Tests;

/// <summary>Where Folio's answers, and the requests that it takes, aren't as OpenAI's description has them: the component, the place, and why.</summary>
/// <remarks>Nulls: vLLM sends every field of its answers, and null where it has nothing to say; OpenAI leaves such fields out.</remarks>
internal static class Deviations
{
    private const string Null = "vLLM's null for an optional field that is empty";
    private const string Extension = "vLLM's field";

    private static readonly (string Place, string Why)[] s_chat =
    [
        ("choices[].message.annotations", Null),
        ("choices[].message.function_call", Null),
        ("choices[].message.reasoning", Extension),
        ("choices[].message.reasoning_content", "DeepSeek's name of the reasoning"),
        ("choices[].stop_reason", Extension),
        ("choices[].token_ids", Extension),
        ("choices[].routed_experts", Extension),
        ("prompt_logprobs", Extension),
        ("prompt_token_ids", Extension),
        ("prompt_text", Extension),
        ("kv_transfer_params", Extension),
        ("ec_transfer_params", Extension),
        ("metrics", Extension),
        ("usage.completion_tokens_details", Null),
        ("usage.prompt_tokens_details.created_cache_tokens", Extension),
        ("usage.prompt_tokens_details.multimodal_tokens", Extension),
    ];

    private static readonly (string Place, string Why)[] s_chatEvent =
    [
        ("choices[].delta.reasoning", Extension),
        ("choices[].delta.reasoning_content", "DeepSeek's name of the reasoning"),
        ("choices[].stop_reason", Extension),
        ("choices[].token_ids", Extension),
        ("prompt_token_ids", Extension),
        ("prompt_text", Extension),
    ];

    private static readonly (string Place, string Why)[] s_completion =
    [
        ("choices[].finish_reason", "in a stream, null until the choice ends: OpenAI's own answer, of which the description speaks as a whole only"),
        ("choices[].logprobs.token_logprobs[]", "null for the prompt's first token, as OpenAI's own answers to echo"),
        ("choices[].logprobs.top_logprobs[]", "null for the prompt's first token, as OpenAI's own answers to echo"),
        ("choices[].stop_reason", Extension),
        ("choices[].token_ids", Extension),
        ("choices[].prompt_logprobs", Extension),
        ("choices[].prompt_token_ids", Extension),
        ("choices[].routed_experts", Extension),
        ("service_tier", Extension),
        ("kv_transfer_params", Extension),
        ("ec_transfer_params", Extension),
        ("metrics", Extension),
        ("usage.completion_tokens_details", Null),
        ("usage.prompt_tokens_details.created_cache_tokens", Extension),
        ("usage.prompt_tokens_details.multimodal_tokens", Extension),
    ];

    private static readonly (string Place, string Why)[] s_embedding =
    [
        ("id", Extension),
        ("created", Extension),
        ("usage.completion_tokens", Extension),
        ("usage.prompt_tokens_details", Extension),
        ("usage.completion_tokens_details", Extension),
        ("data[].embedding", "base64 where the request asks for it, of which the description speaks in the request only"),
    ];

    private static readonly (string Place, string Why)[] s_embeddingRequest =
    [
        ("model", "may be left out: the one model is meant"),
        .. ((string[])["normalize", "use_activation", "truncate_prompt_tokens", "add_special_tokens", "cache_salt", "priority", "request_id"]).Select(name => (name, Extension)),
    ];

    private static readonly (string Place, string Why)[] s_model =
    [
        ("root", Extension),
        ("parent", Extension),
        ("max_model_len", Extension),
        ("permission", "of OpenAI's older API, which some clients still read"),
    ];

    private static readonly (string Place, string Why)[] s_error = [("error.code", "the HTTP status as a number, as at vLLM")];

    private static readonly (string Place, string Why)[] s_response =
    [
        .. ((string[])
        [
            "presence_penalty", "frequency_penalty", "kv_transfer_params", "ec_transfer_params", "input_messages", "output_messages", "usage.input_tokens_details.input_tokens_per_turn", "usage.input_tokens_details.cached_tokens_per_turn",
            "usage.output_tokens_details.tool_output_tokens", "usage.output_tokens_details.output_tokens_per_turn", "usage.output_tokens_details.tool_output_tokens_per_turn",
        ]).Select(name => (name, Extension)),
        ("store", "OpenAI's own answers have it, and the description lacks it"),
    ];

    private static readonly (string Place, string Why)[] s_responseEvent =
    [
        ("obfuscation", "OpenAI's own events have it, and the description lacks it"),
        ("logprobs[].bytes", "as in the whole response, of which the description has them"),
        ("logprobs[].top_logprobs[].bytes", "as in the whole response, of which the description has them"),
    ];

    /// <summary>Fields of requests that vLLM has and OpenAI lacks, or that are taken beyond OpenAI's bounds.</summary>
    private static readonly (string Place, string Why)[] s_request =
    [
        ("model", "may be left out: the one model is meant"),
        ("logit_bias.*", "any number, not integers alone"),
        .. ((string[])
        [
            "top_k", "min_p", "repetition_penalty", "length_penalty", "early_stopping", "use_beam_search", "allowed_token_ids", "bad_words", "min_tokens", "stop_token_ids", "include_stop_str_in_output", "ignore_eos", "skip_special_tokens",
            "prompt_logprobs", "structured_outputs", "guided_json", "guided_regex", "guided_choice", "guided_grammar", "cache_salt", "priority", "return_token_ids", "return_tokens_as_token_ids", "request_id", "truncate_prompt_tokens",
            "add_special_tokens", "stream_interval", "logprob_token_ids", "stream_options.continuous_usage_stats",
        ]).Select(name => (name, Extension)),
    ];

    private static readonly (string Place, string Why)[] s_chatRequest =
    [
        .. s_request,
        .. ((string[])["best_of", "echo", "documents", "add_generation_prompt", "continue_final_message", "chat_template", "chat_template_kwargs", "include_reasoning"]).Select(name => (name, Extension)),
        ("messages[].tool_calls", "members that a message's role lacks are for the template to judge"),
        ("messages[].content", "of an assistant's message may be empty, or a list without items"),
    ];

    private static readonly (string Place, string Why)[] s_completionRequest =
    [
        .. s_request,
        ("logprobs", "up to 20, not 5, as at vLLM"),
        ("best_of", "up to 128, as n"),
        .. ((string[])["response_format"]).Select(name => (name, Extension)),
    ];

    private static readonly (string Place, string Why)[] s_responseRequest =
    [
        .. ((string[])
        [
            "top_k", "min_p", "repetition_penalty", "presence_penalty", "frequency_penalty", "logit_bias", "allowed_token_ids", "bad_words", "min_tokens", "stop", "stop_token_ids", "include_stop_str_in_output", "ignore_eos", "seed", "skip_special_tokens",
            "structured_outputs", "guided_json", "guided_regex", "guided_choice", "guided_grammar", "cache_salt", "priority", "documents", "chat_template_kwargs", "include_reasoning", "chat_template",
            "stream_interval", "logprob_token_ids",
        ]).Select(name => (name, Extension)),
        ("max_output_tokens", "may be less than 16"),
        ("tools[].strict", "may be left out: forced calls obey anyway"),
        ("tools[].parameters", "may be left out: there are none"),
    ];

    /// <summary>By component and place; <c>*</c> for any member.</summary>
    public static IReadOnlyDictionary<string, string> All { get; } = Collect();

    private static Dictionary<string, string> Collect()
    {
        var all = new Dictionary<string, string>(StringComparer.Ordinal);
        Add("CreateChatCompletionResponse", s_chat);
        Add("CreateChatCompletionStreamResponse", s_chatEvent);
        Add("CreateCompletionResponse", s_completion);
        Add("CreateEmbeddingResponse", s_embedding);
        Add("CreateEmbeddingRequest", s_embeddingRequest);
        Add("Model", s_model);
        Add("ListModelsResponse", [.. s_model.Select(each => ($"data[].{each.Place}", each.Why))]);
        Add("ErrorResponse", s_error);
        Add("Response", s_response);
        Add("ResponseStreamEvent", [.. s_responseEvent, .. s_response.Select(each => ($"response.{each.Place}", each.Why))]);
        Add("CreateResponse", s_responseRequest);
        Add("CreateChatCompletionRequest", s_chatRequest);
        Add("CreateCompletionRequest", s_completionRequest);
        return all;

        void Add(string component, (string Place, string Why)[] deviations)
        {
            foreach ((string place, string why) in deviations) all.Add($"{component} {place}", why);
        }
    }
}
