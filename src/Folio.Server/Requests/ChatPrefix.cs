using Folio.Tokenization;
using Folio.Tokenization.Templates;

namespace Folio.Server;

/// <summary>What all conversations have in common that begin with the same messages, in tokens.</summary>
/// <remarks>
/// Two of them are rendered, with different next messages, and what they share is the answer. Rendering the messages alone would not do: templates put a system prompt into the
/// first user's turn, refuse a conversation without a user, or write an answer otherwise once another question has followed.
/// </remarks>
internal static class ChatPrefix
{
    /// <summary>Next messages that share no first token.</summary>
    private static readonly string[] Probes = ["One", "2"];

    /// <param name="body">Its tools, documents and chat_template_kwargs are rendered too.</param>
    public static int[] Encode(Fields body, ServedModel served, ChatMessages messages)
    {
        int count = messages.Element.GetArrayLength();
        string next = messages.Element[count - 1].GetProperty("role").ValueEquals("user") ? "assistant" : "user";
        int[] one = Encode(body, served, messages, next, Probes[0]), two = Encode(body, served, messages, next, Probes[1]);
        return one[..one.AsSpan().CommonPrefixLength(two)];
    }

    private static int[] Encode(Fields body, ServedModel served, ChatMessages messages, string role, string probe)
    {
        using ChatMessages conversation = messages.FollowedBy(role, probe);
        RenderedPrompt rendered = ChatPrompt.Render(body, served, conversation, addGenerationPrompt: false, continueFinalMessage: false);
        Tokenizer tokenizer = served.RequireTokenizer("messages");
        served.RequireEncodable(rendered.Text, truncate: null, "messages");
        return tokenizer.Encode(rendered.Text, rendered.InputSpans, body.Flag("add_special_tokens") ?? false);
    }
}
