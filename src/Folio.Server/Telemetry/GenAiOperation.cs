namespace Folio.Server;

/// <summary>What is asked for, in the words of OpenTelemetry's conventions for generative AI.</summary>
internal static class GenAiOperation
{
    public const string Chat = "chat", TextCompletion = "text_completion", Embeddings = "embeddings";
}
