namespace Folio.Requests;

/// <summary>A request answered with an error status and OpenAI's error body.</summary>
/// <param name="status">HTTP status.</param>
/// <param name="message">What is wrong and what was expected.</param>
/// <param name="parameter">The field at fault, by its path in the body (<c>messages[0].content</c>), or null.</param>
internal sealed class ApiException(int status, string message, string? parameter = null) : FolioException(message)
{
    public int Status { get; } = status;

    public string? Parameter { get; } = parameter;

    /// <summary>The prompt is longer than any that the model's context could hold.</summary>
    public bool IsPromptTooLong { get; init; }

    public static ApiException BadRequest(string message, string? parameter = null) => new(400, message, parameter);

    public static ApiException NotFound(string message, string? parameter = null) => new(404, message, parameter);
}
