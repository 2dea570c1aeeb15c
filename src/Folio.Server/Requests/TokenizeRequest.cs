using Folio.Tokenization;

namespace Folio.Server;

/// <summary>A body of /tokenize: a prompt or messages, turned into ids just as the generating routes do it.</summary>
internal sealed record TokenizeRequest(int[] Ids, bool ReturnTokenStrings)
{
    public static TokenizeRequest Read(Fields body, ServedModel served)
    {
        FieldPolicies.Tokenize.Check(body);
        served.Resolve(body.Text("model"));
        if (body.Has("prompt") == body.Has("messages")) throw ApiException.BadRequest("Give either prompt or messages.", "prompt");
        bool strings = body.Flag("return_token_strs") ?? false;
        bool? addSpecial = body.Flag("add_special_tokens");
        Tokenizer tokenizer = served.RequireTokenizer("prompt");
        if (body.Text("prompt") is { } prompt) return new(tokenizer.Encode(Bounded(prompt, served), addSpecial ?? true), strings);

        ToolFields.Read(body);
        using ChatPrompt chat = ChatPrompt.Read(body, served);
        return new(tokenizer.Encode(Bounded(chat.Text, served), chat.InputSpans, addSpecial ?? false), strings);
    }

    /// <summary>A text to be counted may be longer than the context, but not without end.</summary>
    public static string Bounded(string text, ServedModel served) => text.Length <= served.Options.MaxTokenizeLength ? text
        : throw ApiException.BadRequest($"The text has {text.Length} characters; at most {served.Options.MaxTokenizeLength} are tokenized in one request.", "prompt");
}
